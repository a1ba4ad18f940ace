"""The Restate handler that is measured; runs in the peers' environment, served by granian."""

import restate

STEPS = 10

service = restate.Service("bench")


async def step() -> int:
    return 1


@service.handler()
async def w10(context: restate.Context, number: int) -> int:
    for index in range(STEPS):
        await context.run_typed(f"step-{index}", step)
    return number


app = restate.app([service])
