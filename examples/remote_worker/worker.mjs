// Prints parcel labels: carries out the steps of the task queue "parcels". Needs Node.js 20 or later, and nothing else.
const { WEFT_URL, WEFT_TOKEN } = process.env;
const WORKER = `packer-${process.pid}`;

async function call(path, body) {
  const answer = await fetch(`${WEFT_URL}/api/v1/${path}`, {
    method: "POST",
    headers: { Authorization: `Bearer ${WEFT_TOKEN}`, "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  const said = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(said.detail), { code: said.code, status: answer.status });
  return said;
}

const actions = {
  async "print-label"({ input, idempotencyKey }) {
    if (input.weight > 30) throw Object.assign(new Error("too heavy for one parcel"), { final: true });
    return { label: `L-${input.order}`, printedBy: "node", key: idempotencyKey };
  },
};

async function carryOut(job) {
  const keep = setInterval(() => call(`jobs/${job.id}/extend`, { token: job.token }).catch(console.error), 20_000);
  try {
    if (!actions[job.action]) throw new Error(`no action '${job.action}' here`);
    return { id: job.id, token: job.token, output: await actions[job.action](job) };
  } catch (error) {
    const told = { code: "label_failed", message: error.message, retryable: !error.final };
    return { id: job.id, token: job.token, error: told };
  } finally {
    clearInterval(keep);
  }
}

console.error(`${WORKER} waits for parcels`);
for (;;) {
  try {
    const { items } = await call("task-queues/parcels/fetch", { workerId: WORKER, maxJobs: 50, waitSeconds: 30 });
    if (items.length) await call("jobs/complete", { items: await Promise.all(items.map(carryOut)) });
  } catch (error) {
    console.error(error.message);
    if (error.status < 500) process.exit(1); // refused: it would be refused again
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
}
