export declare const echoMs: number;
export declare function takeSignals(listener: (name: NodeJS.Signals) => void): void;

/** Resolves once those signals were heard that had come before, such as while the program was read. */
export declare function hearSignals(): Promise<void>;
