/** What every module of the page draws with: preact through htm's templates, hooks, signals. */

import { h } from "preact";
import htm from "htm";

/** A template of elements: html`<a href=${link}>${text}</a>`. Text is always text: nothing in it becomes markup. */
export const html = htm.bind(h);

export { createContext, Fragment, h, render } from "preact";
export { useCallback, useContext, useEffect, useErrorBoundary, useId, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
export { batch, computed, effect, signal, useComputed, useSignal, useSignalEffect } from "@preact/signals";

/**
 * Class names, those that hold.
 * @param {...(string | false | null | undefined)} names
 */
export const classes = (...names) => names.filter(Boolean).join(" ");
