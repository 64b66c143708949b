namespace Lab.Explorer.Litmus;

/// <summary>What is asked of the end: <c>exists (0:r1=1 /\ x=2)</c>.</summary>
internal sealed partial class LitmusParser
{
    /// <summary><c>locations [0:r1; x;]</c>.</summary>
    private void ReadLocations(List<LitmusPlace> observed)
    {
        Take("[");
        while (!TakeIf("]"))
        {
            if (TakeIf(";")) continue;
            observed.Add(ReadPlace());
        }
    }

    private LitmusQuantifier ReadQuantifier()
    {
        if (TakeIf("exists")) return LitmusQuantifier.Exists;
        if (TakeIf("forall")) return LitmusQuantifier.ForAll;
        if (Is("~") && Following.Text == "exists")
        {
            _at += 2;
            return LitmusQuantifier.NotExists;
        }
        throw Wrong($"'exists', '~exists' or 'forall' is missing before {Shown(Next)}");
    }

    private LitmusCondition ReadCondition()
    {
        List<LitmusCondition> any = [ReadConjunction()];
        while (TakeIf("\\/")) any.Add(ReadConjunction());
        return any.Count == 1 ? any[0] : new LitmusAny(any);
    }

    private LitmusCondition ReadConjunction()
    {
        List<LitmusCondition> all = [ReadAtom()];
        while (TakeIf("/\\")) all.Add(ReadAtom());
        return all.Count == 1 ? all[0] : new LitmusAll(all);
    }

    private LitmusCondition ReadAtom()
    {
        if (TakeIf("not") || TakeIf("~")) return new LitmusNot(ReadAtom());
        if (TakeIf("true")) return new LitmusAll([]);
        if (TakeIf("false")) return new LitmusAny([]);
        if (TakeIf("("))
        {
            LitmusCondition inner = ReadCondition();
            Take(")");
            return inner;
        }
        LitmusPlace place = ReadPlace();
        bool isEqual = !TakeIf("!=");
        if (isEqual && !TakeIf("==")) Take("=");
        if (Next.Kind == TokenKind.Number && Following.Text == ":")
        {
            LitmusPlace other = ReadPlace();
            return new LitmusEquation(place, isEqual, other, 0, other.Name);
        }
        if (Next.Kind == TokenKind.Word && !_words.Contains(Next.Text)) throw Wrong($"there is no word named '{Next.Text}'");
        Token value = TakeValue();
        return new LitmusEquation(place, isEqual, null, ValueOf(value), value.Text);
    }

    private LitmusPlace ReadPlace()
    {
        if (Next.Kind == TokenKind.Number || (LitmusTokens.IsThreadName(Next.Text) && Following.Text == ":"))
        {
            Token token = Next;
            int thread = ThreadNumber();
            Take(":");
            if (thread >= _threads.Count) throw new LitmusException(token.Line, $"there is no thread P{thread}");
            string register = TakeName("a register");
            int index = _threads[thread].Registers.ToList().IndexOf(register);
            if (index < 0) throw new LitmusException(token.Line, $"P{thread} has no register '{register}'");
            return new LitmusPlace(thread, index, $"{thread}:{register}");
        }
        bool isBracketed = TakeIf("[");
        while (TakeIf("*")) { }
        string word = TakeName("a register, as '0:r1', or a word");
        if (isBracketed) Take("]");
        if (!_words.Contains(word))
        {
            _at--;
            throw Wrong($"there is no word named '{word}'; a register is written with its thread, as '0:{word}'");
        }
        return new LitmusPlace(-1, _words.IndexOf(word), $"[{word}]");
    }
}
