using Lab.Explorer.Orders;

namespace Lab.Explorer.Litmus;

/// <summary>Threads: declarations, assignments to registers, operations, <c>if</c>.</summary>
internal sealed partial class LitmusParser
{
    /// <summary>By how tight they bind, the loosest first.</summary>
    private static readonly string[][] Binary =
        [["||"], ["&&"], ["|"], ["^"], ["&"], ["==", "!="], ["<", "<=", ">", ">="], ["<<", ">>"], ["+", "-"], ["*"]];

    private List<string> _registers = [];
    private HashSet<string> _parameters = [];

    private LitmusThread ReadThread()
    {
        Token name = Next;
        if (name.Text != $"P{_threads.Count}")
        {
            throw Wrong($"threads are numbered from P0 on, so that P{_threads.Count} must come before '{name.Text}'");
        }
        _at++;
        (_registers, _parameters) = ([], []);
        Take("(");
        while (!TakeIf(")"))
        {
            if (!SkipType()) throw Wrong($"a parameter's type is missing before {Shown(Next)}");
            if (TakeIf(")")) break;
            bool isPointer = false;
            while (TakeIf("*")) isPointer = true;
            string parameter = TakeName("a parameter");
            if (!isPointer) throw Wrong($"the parameter {parameter} is no pointer to a shared word; write '*{parameter}'");
            _ = WordNamed(parameter);
            _parameters.Add(parameter);
            if (!Is(")")) Take(",");
        }
        foreach ((int thread, string register, _) in _initialRegisters)
        {
            if (thread == _threads.Count) _registers.Add(register);
        }
        List<LitmusStatement> body = [];
        foreach ((int thread, string register, Token value) in _initialRegisters)
        {
            if (thread != _threads.Count) continue;
            body.Add(new LitmusAssignment(_registers.IndexOf(register), new LitmusConstant(ValueOf(value), value.Line)));
        }
        Take("{");
        while (!TakeIf("}")) body.AddRange(ReadStatement());
        return new LitmusThread(name.Text, _registers, body, name.Line);
    }

    private IReadOnlyList<LitmusStatement> ReadStatement()
    {
        if (TakeIf(";")) return [];
        if (TakeIf("{"))
        {
            List<LitmusStatement> block = [];
            while (!TakeIf("}")) block.AddRange(ReadStatement());
            return block;
        }
        if (Is("while") || Is("for") || Is("do") || Is("goto")) throw Wrong(Loops);
        if (Is("switch") || Is("return")) throw Wrong($"'{Next.Text}' is not supported; use 'if'");
        if (TakeIf("if"))
        {
            Take("(");
            LitmusExpression condition = ReadExpression();
            Take(")");
            IReadOnlyList<LitmusStatement> then = ReadStatement();
            return [new LitmusIf(condition, then, TakeIf("else") ? ReadStatement() : [])];
        }
        if (SkipType()) return ReadDeclarations();
        if (Is("*")) throw PlainAccess();
        if (Next.Kind != TokenKind.Word) throw Wrong($"a statement cannot begin with {Shown(Next)}");
        if (Following.Text == "(")
        {
            LitmusCall call = ReadCall();
            Take(";");
            return [new LitmusCallStatement(call)];
        }
        return [ReadAssignment()];
    }

    private List<LitmusStatement> ReadDeclarations()
    {
        List<LitmusStatement> assignments = [];
        do
        {
            while (TakeIf("*")) { }
            Token name = Next;
            _ = RegisterNamed(TakeName("a register"));
            if (Is("[")) throw Wrong("arrays are not supported; use a register each");
            if (TakeIf("=")) assignments.Add(new LitmusAssignment(RegisterNamed(name.Text), ReadExpression()));
        }
        while (TakeIf(","));
        Take(";");
        return assignments;
    }

    private LitmusAssignment ReadAssignment()
    {
        Token name = Next;
        if (_parameters.Contains(name.Text)) throw PlainAccess();
        _at++;
        int register = RegisterNamed(name.Text);
        if (!TakeIf("=")) throw Wrong($"'=' is missing before {Shown(Next)}: registers are only assigned to");
        LitmusExpression value = ReadExpression();
        Take(";");
        return new LitmusAssignment(register, value);
    }

    private LitmusExpression ReadExpression(int level = 0)
    {
        if (level == Binary.Length) return ReadUnary();
        LitmusExpression left = ReadExpression(level + 1);
        while (Next.Kind == TokenKind.Sign && Binary[level].Contains(Next.Text))
        {
            Token sign = Next;
            _at++;
            int sites = _sites.Count;
            LitmusExpression right = ReadExpression(level + 1);
            if (sign.Text is "&&" or "||" && _sites.Count > sites)
            {
                throw new LitmusException(sign.Line,
                    $"an access to the right of '{sign.Text}' is not supported: it happens or not; use a nested 'if'");
            }
            left = new LitmusBinary(sign.Text, left, right, sign.Line);
        }
        return left;
    }

    private LitmusExpression ReadUnary()
    {
        Token token = Next;
        if (Is("*")) throw PlainAccess();
        if (token.Kind == TokenKind.Sign && token.Text is "!" or "~" or "-")
        {
            _at++;
            return new LitmusUnary(token.Text, ReadUnary(), token.Line);
        }
        if (TakeIf("&"))
        {
            if (TakeIf("*")) return ReadUnary();
            string word = TakeName("a word");
            if (!_words.Contains(word)) throw new LitmusException(token.Line, $"'&{word}': there is no word of that name");
            return new LitmusAddress(WordNamed(word), token.Line);
        }
        if (TakeIf("("))
        {
            // A cast changes nothing here.
            if (SkipType())
            {
                while (TakeIf("*")) { }
                Take(")");
                return ReadUnary();
            }
            LitmusExpression inner = ReadExpression();
            Take(")");
            return inner;
        }
        if (token.Kind == TokenKind.Number)
        {
            _at++;
            return new LitmusConstant(NumberOf(token), token.Line);
        }
        if (token.Kind != TokenKind.Word) throw Wrong($"an expression cannot begin with {Shown(token)}");
        if (Following.Text == "(") return ReadCall();
        if (Following.Text is "[" or "->" or ".") throw Wrong("arrays and structs are not supported; use a word each");
        _at++;
        if (_parameters.Contains(token.Text)) return new LitmusAddress(WordNamed(token.Text), token.Line);
        if (token.Text == "NULL") return new LitmusConstant(0, token.Line);
        if (!_registers.Contains(token.Text))
        {
            throw new LitmusException(token.Line,
                $"'{token.Text}' is no parameter of the thread, and no register that something was assigned to");
        }
        return new LitmusRegister(RegisterNamed(token.Text), token.Line);
    }

    private LitmusCall ReadCall()
    {
        Token name = Next;
        int start = _at++;
        if (LitmusOperation.Find(name.Text) is not { } operation)
        {
            string why = name.Text.Contains("srcu", StringComparison.Ordinal) ? "SRCU is not supported"
                : $"'{name.Text}' is not supported";
            throw new LitmusException(name.Line, $"{why}; supported are {LitmusOperation.Supported}");
        }
        Take("(");
        List<LitmusExpression> arguments = [];
        List<EventOrder> orders = [];
        while (!TakeIf(")"))
        {
            int read = arguments.Count + orders.Count;
            if (read > 0) Take(",");
            bool isAddress = operation.HasAddress && read == operation.AddressAt;
            if (operation.OrdersSaid > 0 && read >= operation.Parameters) orders.Add(ReadOrder());
            else if (isAddress && operation.TakesLvalue) arguments.Add(ReadLvalue(name));
            else if (operation.Kind == LitmusOperationKind.CompareExchangeInto && read == 1) arguments.Add(ReadExpected());
            else arguments.Add(ReadExpression());
        }
        if (arguments.Count != operation.Parameters || orders.Count != operation.OrdersSaid)
        {
            throw new LitmusException(name.Line, $"{name.Text} takes {operation.Parameters + operation.OrdersSaid} arguments, "
                + $"not {arguments.Count + orders.Count}");
        }
        operation = operation.With(orders) ?? throw new LitmusException(name.Line,
            $"C11 has no {name.Text} of {string.Join(" and ", orders.Select(C11Operation.NameOf))}");
        if (operation.HasAddress && operation.AddressAt > 0)
        {
            LitmusExpression address = arguments[operation.AddressAt];
            arguments.RemoveAt(operation.AddressAt);
            arguments.Insert(0, address);
        }
        string text = string.Concat(_tokens[start.._at].Select(token => token.Text == "," ? ", " : token.Text));
        LitmusCall call = new(operation, arguments, _sites.Count, text, name.Line);
        _sites.Add(call);
        return call;
    }

    /// <summary>An order of C11.</summary>
    private EventOrder ReadOrder()
    {
        EventOrder order = C11Operation.OrderNamed(Next.Text) ?? throw Wrong($"{Shown(Next)} is no order; supported are "
            + "memory_order_relaxed, memory_order_acquire, memory_order_release, memory_order_acq_rel, memory_order_seq_cst");
        _at++;
        return order;
    }

    /// <summary><c>&amp;r0</c>: the register that holds what C11's compare-and-exchange looks for.</summary>
    private LitmusRegister ReadExpected()
    {
        Token token = Next;
        if (TakeIf("&") && Next.Kind == TokenKind.Word && _registers.Contains(Next.Text))
        {
            return new LitmusRegister(RegisterNamed(_tokens[_at++].Text), token.Line);
        }
        throw new LitmusException(token.Line, "what atomic_compare_exchange_strong looks for must be in a register of the "
            + "thread, given as '&r0' with 'int r0 = 0;' before");
    }

    /// <summary><c>*x</c>, or <c>x</c> where it is a word and no pointer to one.</summary>
    private LitmusExpression ReadLvalue(Token operation)
    {
        if (TakeIf("*")) return ReadUnary();
        throw Wrong($"{operation.Text} takes what a pointer points to, as in '{operation.Text}(*x'");
    }

    private int RegisterNamed(string name)
    {
        int register = _registers.IndexOf(name);
        if (register >= 0) return register;
        _registers.Add(name);
        return _registers.Count - 1;
    }

    private LitmusException PlainAccess() =>
        Wrong("plain accesses to shared words, and so data races, are not supported; use READ_ONCE and WRITE_ONCE");
}
