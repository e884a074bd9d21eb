export declare const echoMs: number;
export declare function takeSignals(listener: (name: NodeJS.Signals) => void): void;
