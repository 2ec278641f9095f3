/** What browsers, Node and workerd all do, and the types of workerd leave out: clearing a timer that was never set is nothing. */
declare function clearTimeout(timeoutId: number | null | undefined): void;
declare function clearInterval(timeoutId: number | null | undefined): void;
