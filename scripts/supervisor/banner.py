"""What an operator is told once everything runs: what to open, and whose keys hold money."""

from __future__ import annotations

from rich.console import Console

from indexer.manifest import load_deployment
from scripts.dev_accounts import dev_accounts, key_of
from scripts.supervisor.settings import UpSettings


def print_banner(settings: UpSettings, console: Console) -> None:
    """Prints the addresses, the development keys and what to open."""
    deployment = load_deployment(settings.manifest)
    console.rule("[bold]DecentraSpace is up[/bold]")
    rows = [
        ("API", settings.api_url),
        ("docs", f"{settings.api_url}/docs"),
        ("sites", f"http://<site>.{settings.base_domain}:{settings.gateway_port}/"),
        ("chain", f"{settings.chain_url} (chain id {deployment.chain_id})"),
        *((name, contract.address) for name, contract in deployment.contracts.items()),
        ("data", str(settings.data_dir)),
        ("logs", str(settings.data_dir / "logs")),
    ]
    for label, value in rows:
        _print_row(console, label, value)
    if settings.embedded_chain:
        console.print(
            "\nDevelopment accounts, 10,000 ether each; the keys are public, use them here only:"
        )
        for account in dev_accounts():
            _print_row(console, account.address, key_of(account))
    console.print(
        "\n`make demo` in another terminal walks one whole journey. Ctrl-C stops everything."
    )


def _print_row(console: Console, label: str, value: str) -> None:
    console.print(f"  {label:<10} {value}", highlight=False, markup=False, soft_wrap=True)
