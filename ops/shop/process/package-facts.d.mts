export const version: string;

export function nodeProblem(node: string, wanted?: string): string | undefined;
