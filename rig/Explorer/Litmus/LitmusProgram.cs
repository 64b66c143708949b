using Lab.Explorer.Orders;

namespace Lab.Explorer.Litmus;

/// <summary>Runs the threads of a litmus test. Dependencies are those of the text: a value depends on the reads it is computed
/// from, also where it is always the same; a condition decides what is in its branches, and nothing behind them.</summary>
/// <remarks>As herd has it: whether a lock could be taken, whether it is locked, and whether atomic_add_unless has added, depends
/// on no read.</remarks>
internal sealed class LitmusProgram(LitmusTest test) : ITracedProgram
{
    public IReadOnlyList<long> Initial => test.Initial;

    public int Threads => test.Threads.Count;

    /// <summary>The text's constants and addresses, if a branch decides what a register holds: a store of it behind the branch
    /// does not wait for what the condition reads, which may be read from that store.</summary>
    public IReadOnlyList<long> Guesses { get; } = test.Threads.Any(thread => thread.Body.Any(Decides))
        ? [.. test.Threads.SelectMany(thread => thread.Body).SelectMany(ValuesIn).Distinct()] : [];

    public ThreadTrace Run(int thread, TraceWriter writer)
    {
        Runner run = new(test, test.Threads[thread], writer);
        LitmusException? fault = null;
        try
        {
            run.All(test.Threads[thread].Body);
            run.End();
        }
        catch (LitmusFaultException e)
        {
            fault = new LitmusException(e.Line, e.Message);
        }
        return new ThreadTrace(writer.Events, [.. run.Registers.Select(register => register.Value)], fault);
    }

    private static bool Decides(LitmusStatement statement) => statement is LitmusIf branch
        && branch.Then.Concat(branch.Otherwise).Any(inner => inner is LitmusAssignment || Decides(inner));

    private static IEnumerable<long> ValuesIn(LitmusStatement statement) => statement switch
    {
        LitmusAssignment assignment => ValuesIn(assignment.Value),
        LitmusCallStatement call => ValuesIn(call.Call),
        LitmusIf branch => ValuesIn(branch.Condition).Concat(branch.Then.Concat(branch.Otherwise).SelectMany(ValuesIn)),
        _ => [],
    };

    private static IEnumerable<long> ValuesIn(LitmusExpression expression) => expression switch
    {
        LitmusConstant constant => [constant.Value],
        LitmusAddress address => [LitmusTest.AddressOf(address.Location)],
        LitmusUnary unary => ValuesIn(unary.Of),
        LitmusBinary binary => ValuesIn(binary.Left).Concat(ValuesIn(binary.Right)),
        // Of an operation the first argument is where, and not what.
        LitmusCall call => call.Arguments.Skip(1).SelectMany(ValuesIn),
        _ => [],
    };

    /// <summary>What a thread cannot go on after, if it really comes to that.</summary>
    private sealed class LitmusFaultException(int line, string message) : Exception(message)
    {
        internal int Line { get; } = line;
    }

    private sealed class Runner(LitmusTest test, LitmusThread thread, TraceWriter writer)
    {
        private readonly HashSet<int> _held = [];
        private int _sections;

        internal Tracked[] Registers { get; } = new Tracked[thread.Registers.Count];

        internal void All(IReadOnlyList<LitmusStatement> statements)
        {
            foreach (LitmusStatement statement in statements) Do(statement);
        }

        internal void End()
        {
            if (_sections > 0) throw new LitmusFaultException(thread.Line, $"{thread.Name} ends inside rcu_read_lock");
        }

        private void Do(LitmusStatement statement)
        {
            switch (statement)
            {
                case LitmusAssignment assignment:
                    Registers[assignment.Register] = ValueOf(assignment.Value);
                    break;
                case LitmusCallStatement call:
                    Call(call.Call);
                    break;
                case LitmusIf branch:
                    Tracked condition = ValueOf(branch.Condition);
                    ulong outside = writer.Control;
                    writer.Control |= condition.From;
                    All(condition.Value != 0 ? branch.Then : branch.Otherwise);
                    writer.Control = outside;
                    break;
            }
        }

        private Tracked ValueOf(LitmusExpression expression)
        {
            switch (expression)
            {
                case LitmusConstant constant:
                    return constant.Value;
                case LitmusRegister register:
                    return Registers[register.Index];
                case LitmusAddress address:
                    return LitmusTest.AddressOf(address.Location);
                case LitmusUnary unary:
                    Tracked of = ValueOf(unary.Of);
                    return of with { Value = unary.Sign switch
                    {
                        "!" => of.Value == 0 ? 1 : 0,
                        "~" => ~of.Value,
                        _ => -of.Value,
                    } };
                case LitmusBinary binary:
                    return Combine(binary.Sign, ValueOf(binary.Left), ValueOf(binary.Right));
                default:
                    return Call((LitmusCall)expression);
            }
        }

        private Tracked Call(LitmusCall call)
        {
            LitmusOperation operation = call.Operation;
            if (operation.Kind == LitmusOperationKind.Nothing) return 0;
            if (operation.Kind == LitmusOperationKind.Fence)
            {
                Fence(call);
                return 0;
            }
            Tracked word = WordOf(call);
            Tracked[] operands = [.. call.Arguments.Skip(1).Select(ValueOf)];
            switch (operation.Kind)
            {
                case LitmusOperationKind.Load:
                    return writer.Load(word, operation.Order, call.Site);
                case LitmusOperationKind.Store:
                    writer.Store(word, operands[0], operation.Order, call.Site);
                    return 0;
                case LitmusOperationKind.StoreThenFence:
                    writer.Store(word, operands[0], EventOrder.Relaxed, -1);
                    writer.Fence(FenceKind.Full, call.Site);
                    return 0;
                case LitmusOperationKind.Exchange:
                    return writer.Modify(word, operation.Order, _ => operands[0], call.Site);
                case LitmusOperationKind.CompareExchange:
                    return writer.Modify(word, operation.Order,
                        old => old.Value == operands[0].Value ? operands[1] : null, call.Site);
                case LitmusOperationKind.CompareExchangeInto:
                    return CompareExchangeInto(call, word, operands[0], operands[1]);
                case LitmusOperationKind.AddUnless:
                    Tracked found = writer.Modify(word, EventOrder.Full,
                        old => old.Value == operands[1].Value ? null : Combine("+", old, operands[0]), call.Site);
                    return found.Value == operands[1].Value ? 0 : 1;
                case LitmusOperationKind.Arithmetic:
                    return Arithmetic(call, word, operation.IsByOne ? 1 : operands[0]);
                default:
                    return Lock(call, word);
            }
        }

        private Tracked CompareExchangeInto(LitmusCall call, Tracked word, Tracked expected, Tracked desired)
        {
            Tracked old = writer.Modify(word, call.Operation.Order, value => value.Value == expected.Value ? desired : null,
                call.Site, failed: call.Operation.FailedOrder);
            bool hasWritten = old.Value == expected.Value;
            if (!hasWritten) Registers[((LitmusRegister)call.Arguments[1]).Index] = old;
            return new Tracked(hasWritten ? 1 : 0, old.From | expected.From);
        }

        private void Fence(LitmusCall call)
        {
            FenceKind kind = call.Operation.Fence;
            if (kind == FenceKind.EnterRcu) _sections++;
            if (kind == FenceKind.ExitRcu && --_sections < 0)
            {
                throw new LitmusException(call.Line, "rcu_read_unlock without rcu_read_lock");
            }
            if (kind == FenceKind.GracePeriod && _sections > 0)
            {
                throw new LitmusException(call.Line, "synchronize_rcu inside rcu_read_lock waits for itself");
            }
            writer.Fence(kind, call.Site);
        }

        private Tracked Arithmetic(LitmusCall call, Tracked word, Tracked operand)
        {
            string sign = call.Operation.Sign;
            Tracked old = writer.Modify(word, call.Operation.Order, value => Combine(sign, value, operand), call.Site,
                isBlind: call.Operation.Result == LitmusResult.Nothing);
            Tracked written = Combine(sign, old, operand);
            return call.Operation.Result switch
            {
                LitmusResult.Old => old,
                LitmusResult.New => written,
                LitmusResult.IsZero => written with { Value = written.Value == 0 ? 1 : 0 },
                LitmusResult.IsNegative => written with { Value = written.Value < 0 ? 1 : 0 },
                _ => 0,
            };
        }

        private Tracked Lock(LitmusCall call, Tracked word)
        {
            int held = (int)word.Value;
            switch (call.Operation.Kind)
            {
                case LitmusOperationKind.Lock:
                    writer.Modify(word, EventOrder.Acquire, old => old.Value == 0 ? 1 : null, call.Site,
                        part: LockPart.Lock, waits: true);
                    _held.Add(held);
                    return 0;
                case LitmusOperationKind.TryLock when !_held.Contains(held):
                    Tracked found = writer.Modify(word, EventOrder.Acquire, old => old.Value == 0 ? 1 : null, call.Site,
                        part: LockPart.Lock);
                    if (found.Value == 0) _held.Add(held);
                    return found.Value == 0 ? 1 : 0;
                case LitmusOperationKind.Unlock:
                    if (!_held.Remove(held)) throw new LitmusException(call.Line, "spin_unlock of a lock that is not held");
                    writer.Store(word, 0, EventOrder.Release, call.Site, LockPart.Unlock);
                    return 0;
                default:
                    return writer.Load(word, EventOrder.Relaxed, call.Site, LockPart.Look).Value;
            }
        }

        private Tracked WordOf(LitmusCall call)
        {
            Tracked address = ValueOf(call.Arguments[0]);
            int word = test.WordAt(address.Value);
            if (word >= 0) return new Tracked(word, address.From);
            throw new LitmusFaultException(call.Line,
                $"{thread.Name} uses {test.ValueText(address.Value)}, which is no word's address, in {call.Text}");
        }

        private Tracked Combine(string sign, Tracked left, Tracked right)
        {
            (long a, long b) = (left.Value, right.Value);
            return new Tracked(sign switch
            {
                "+" => a + b,
                "-" => a - b,
                "*" => a * b,
                "&" => a & b,
                "&~" => a & ~b,
                "|" => a | b,
                "^" => a ^ b,
                "<<" => a << (int)b,
                ">>" => a >> (int)b,
                "==" => a == b ? 1 : 0,
                "!=" => a != b ? 1 : 0,
                "<" => a < b ? 1 : 0,
                "<=" => a <= b ? 1 : 0,
                ">" => a > b ? 1 : 0,
                ">=" => a >= b ? 1 : 0,
                "&&" => a != 0 && b != 0 ? 1 : 0,
                "||" => a != 0 || b != 0 ? 1 : 0,
                _ => throw new InvalidOperationException($"No operator '{sign}'."),
            }, left.From | right.From);
        }
    }
}
