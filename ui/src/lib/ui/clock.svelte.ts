/** The time, for what shows how long ago something was. */
class Clock {
	now = $state(Date.now());

	/** Let it run, until the returned function is called. */
	start(): () => void {
		const ticking = setInterval(() => (this.now = Date.now()), 10_000);
		return () => clearInterval(ticking);
	}
}

export const clock = new Clock();
