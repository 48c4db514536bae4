/** The code that logs a first run here: it names this server, so that it works as it is pasted. */

import { python } from "../ground/quoted.js";

/** This server's address, with its prefix. */
export const here = () => (window.location.origin + window.location.pathname).replace(/\/+$/, "");

/** @param {string} [experiment] its name; a new store's own unless given */
export const begin = (experiment) => `import runstone

runstone.set_tracking_uri(${python(here())})
${experiment === undefined ? "" : `runstone.set_experiment(${python(experiment)})\n`}with runstone.start_run():
    runstone.log_param("lr", 0.01)
    for step in range(100):
        runstone.log_metric("loss", 1 / (step + 1), step=step)`;
