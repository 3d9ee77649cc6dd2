// The parts a template consists of, and their text, by which errors name them.

interface At {
  /** Where it stands in the template. */
  readonly position: number;
}

export interface FieldNode extends At {
  readonly kind: 'field';
  readonly names: readonly string[];
}
export interface VariableNode extends At {
  readonly kind: 'variable';
  /** The variable with its dollar sign, then fields. */
  readonly names: readonly string[];
}
export interface ChainNode extends At {
  readonly kind: 'chain';
  readonly base: Operand;
  readonly names: readonly string[];
}
export interface WordNode extends At {
  readonly kind: 'function';
  readonly name: string;
}
export interface ConstantNode extends At {
  readonly kind: 'string' | 'bool' | 'int' | 'float' | 'character';
  readonly value: string | boolean | number;
  readonly source: string;
}
export interface BareNode extends At {
  readonly kind: 'dot' | 'nil';
}
export interface PipeNode extends At {
  readonly kind: 'pipe';
  readonly variables: readonly VariableNode[];
  readonly assigns: boolean;
  readonly commands: readonly CommandNode[];
}
export interface CommandNode extends At {
  readonly kind: 'command';
  readonly operands: readonly Operand[];
}
export type Operand = FieldNode | VariableNode | ChainNode | WordNode | ConstantNode | BareNode | PipeNode;

export interface TextNode extends At {
  readonly kind: 'text';
  readonly text: string;
}
export interface ActionNode extends At {
  readonly kind: 'action';
  readonly pipe: PipeNode;
}
export interface BranchNode extends At {
  readonly kind: 'if' | 'with' | 'range';
  readonly pipe: PipeNode;
  readonly list: readonly Statement[];
  readonly otherwise: readonly Statement[] | undefined;
}
export interface JumpNode extends At {
  readonly kind: 'break' | 'continue';
}
export type Statement = TextNode | ActionNode | BranchNode | JumpNode;

export type Node = Operand | CommandNode | Statement;

/** As it would be written again. */
export function nodeText(node: Node): string {
  switch (node.kind) {
    case 'field':
      return node.names.map((name) => `.${name}`).join('');
    case 'variable':
      return node.names.join('.');
    case 'chain':
      return `${operandText(node.base)}${node.names.map((name) => `.${name}`).join('')}`;
    case 'function':
      return node.name;
    case 'dot':
      return '.';
    case 'nil':
      return 'nil';
    case 'pipe':
      return pipeText(node);
    case 'command':
      return node.operands.map(operandText).join(' ');
    case 'text':
      return node.text;
    case 'action':
      return `{{${pipeText(node.pipe)}}}`;
    case 'break':
    case 'continue':
      return `{{${node.kind}}}`;
    case 'if':
    case 'with':
    case 'range':
      return `{{${node.kind} ${pipeText(node.pipe)}}}${node.list.map(nodeText).join('')}{{end}}`;
    default:
      return node.source;
  }
}

function operandText(operand: Operand): string {
  return operand.kind === 'pipe' ? `(${pipeText(operand)})` : nodeText(operand);
}

function pipeText({ variables, assigns, commands }: PipeNode): string {
  const names = variables.map(nodeText).join(', ');
  const start = names === '' ? '' : `${names} ${assigns ? '=' : ':='} `;
  return start + commands.map(nodeText).join(' | ');
}
