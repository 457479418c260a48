"""What each operation makes of a counter: pure functions, the meaning that every ledger's writes have."""

from __future__ import annotations

from dataclasses import replace

from costsentry_cli.domain.ledger.counters import NOTHING, Amounts, Count, Hold
from costsentry_cli.domain.ledger.port import DONE_KEPT, Admitted, Claim, Denied, Key, Policy, Reservation, Settled

FORGOTTEN_AT_ONCE = 25
"""How many endings one settle takes along: an expression has at most 4 KB (DynamoDB's limits)."""


def admits(count: Count, claim: Claim) -> bool:
    """The condition of a reserve."""
    new = claim.rid not in count.holds and claim.rid not in count.done
    return new and not claim.ceiling.short(count.committed, claim.amounts)


def reserved(count: Count, claim: Claim) -> Count:
    """The counter with the claim's hold."""
    hold = Hold(claim.rid, claim.amounts, claim.expires, claim.note)
    return replace(count, committed=count.committed + claim.amounts, holds={**count.holds, claim.rid: hold})


def settled(count: Count, reservation: Reservation, actual: Amounts) -> Count:
    """The counter with ``actual`` in the place of the hold."""
    return Count(
        count.committed + (actual - reservation.amounts),
        count.settled + actual,
        {rid: hold for rid, hold in count.holds.items() if rid != reservation.rid},
        _ended(count, reservation, f"settled {reservation.expires}"),
    )


def expired(count: Count, hold: Hold, policy: Policy) -> Count:
    """The counter after a hold was abandoned: charged in full, or given back."""
    charged = policy == "charge"
    return Count(
        count.committed if charged else count.committed - hold.amounts,
        count.settled + hold.amounts if charged else count.settled,
        {rid: other for rid, other in count.holds.items() if rid != hold.rid},
        {**count.done, hold.rid: ending_of(hold, policy)},
    )


def reset(count: Count) -> Count:
    """The counter with nothing settled."""
    return replace(count, committed=count.committed - count.settled, settled=NOTHING)


def ending_of(hold: Hold, policy: Policy) -> str:
    """What is remembered of an abandoned hold."""
    return f"{'charged' if policy == 'charge' else 'released'} {hold.expires}"


def _ended(count: Count, reservation: Reservation, ending: str) -> dict[str, str]:
    kept = {rid: how for rid, how in count.done.items() if rid not in reservation.forget}
    return {**kept, reservation.rid: ending}


def admitted(claim: Claim, count: Count) -> Admitted:
    """The answer to a reserve that was written; ``count`` is the counter with the hold."""
    return Admitted(_reservation(claim.key, count.holds[claim.rid], count), count)


def not_admitted(claim: Claim, count: Count) -> Admitted | Denied:
    """The answer to a reserve whose condition failed on ``count``: an earlier attempt of the same id may have won."""
    hold = count.holds.get(claim.rid)
    if hold is not None:
        return Admitted(_reservation(claim.key, hold, count), count, replayed=True)
    return Denied(claim.key, count, "done" if claim.rid in count.done else "room")


def settlement(reservation: Reservation, actual: Amounts, count: Count) -> Settled:
    """The answer to a settle that was written."""
    return Settled(reservation.key, "settled", actual.beyond(reservation.amounts), count=count)


def not_settled(reservation: Reservation, actual: Amounts, count: Count | None) -> Settled:
    """The answer to a settle that found no hold: it was settled before, or its time was over."""
    was = "" if count is None else count.ending(reservation.rid)
    excess = actual.beyond(reservation.amounts)
    if was == "settled":
        return Settled(reservation.key, "replayed", excess, count=count)
    return Settled(reservation.key, "late", excess, was, count)


def _reservation(key: Key, hold: Hold, count: Count) -> Reservation:
    forget = count.surplus(DONE_KEPT - 1)[:FORGOTTEN_AT_ONCE]
    return Reservation(key, hold.rid, hold.amounts, hold.expires, forget)
