"""What lets content go once nobody holds it any more, and never a moment before.

Three steps, each in small transactions; whatever is cut off where, the next run goes on.

1. **Drop** (`dropping`): holds that were let go, and those of services that are over by a final
   block, once that was so for the whole grace period. Each is written into the register of
   irreversible acts in the same transaction.
2. **Forget** (`sweeping.forget_unheld`): links of nodes that lie below no hold go out of the index,
   and with them the links of every node above. Nodes above one that isn't held aren't held either.
3. **Sweep** (`sweeping.sweep_blocks`): blocks that neither a link nor a hold names go out of the
   store, but for those that somebody put within the last day.

Why nothing that can be reached is ever removed. A block is removed in a transaction that keeps
everybody out who would add to the index (`holds.gate`), after asking there that no row names it.

- It lies below a hold whose DAG is indexed: then a link to it, or the hold itself, names it. The
  links of a held node go out of the index never: step 2 asks for holds above each node in the
  very transaction, behind the same gate, and takes out nothing that lies below one.
- It lies below a hold that comes later: whoever adds one indexes in the same transaction, so
  before the removal (then a row names it) or after it. After it, no link of a node above it is
  left (step 2 took out all of them before, in an earlier transaction that was committed), so that
  node is read anew and the block found missing, by the one who adds and before anything is told;
  or all of it was put within the last day, and then it wasn't removed.
- It lies below a hold that waits to be indexed: before each removal, such holds that are new are
  indexed, or where some of it is missing what is there is put again, which counts as put today.
- It is being put: a put of a block that is there and its removal exclude one another in the store,
  so either it counts as put now, or the put finds it gone and writes it.

The first three need no clock; the last day is for what was put and is not yet held.
"""
