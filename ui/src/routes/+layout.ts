/** The app runs in the browser alone; the API process sends one page for every address. */
export const ssr = false;
