"""What the operator's Ape commands (`scripts/*.py`) do, apart from Ape: testable with any hands.

desk        one operator at one deployment: reads, tells the change, sends it unless it is dry
amounts     what comes from the command line: credits, addresses, references
settlement  a file of charges to batches that are settled once, whatever is cut off
check       a live deployment against what the repository says
"""
