namespace Lab.Explorer.Litmus;

/// <summary>An expression of a thread.</summary>
internal abstract record LitmusExpression(int Line);

internal sealed record LitmusConstant(long Value, int Line) : LitmusExpression(Line);

/// <summary>A register's value.</summary>
internal sealed record LitmusRegister(int Index, int Line) : LitmusExpression(Line);

/// <summary>The address of a word.</summary>
internal sealed record LitmusAddress(int Location, int Line) : LitmusExpression(Line);

internal sealed record LitmusUnary(string Sign, LitmusExpression Of, int Line) : LitmusExpression(Line);

internal sealed record LitmusBinary(string Sign, LitmusExpression Left, LitmusExpression Right, int Line)
    : LitmusExpression(Line);

/// <summary>An operation on memory, also where nobody wants its value.</summary>
/// <param name="Operation">What it does.</param>
/// <param name="Arguments">The address first, where it has one.</param>
/// <param name="Site">Its number in the program, by which its order can be changed.</param>
/// <param name="Text">As the test has it.</param>
/// <param name="Line">Where.</param>
internal sealed record LitmusCall(
    LitmusOperation Operation, IReadOnlyList<LitmusExpression> Arguments, int Site, string Text, int Line)
    : LitmusExpression(Line);

internal abstract record LitmusStatement;

internal sealed record LitmusAssignment(int Register, LitmusExpression Value) : LitmusStatement;

internal sealed record LitmusCallStatement(LitmusCall Call) : LitmusStatement;

internal sealed record LitmusIf(
    LitmusExpression Condition, IReadOnlyList<LitmusStatement> Then, IReadOnlyList<LitmusStatement> Otherwise) : LitmusStatement;

/// <param name="Name">"P0".</param>
/// <param name="Registers">Names of its registers, in order of first appearance.</param>
/// <param name="Body">What it does.</param>
/// <param name="Line">Of its head.</param>
internal sealed record LitmusThread(
    string Name, IReadOnlyList<string> Registers, IReadOnlyList<LitmusStatement> Body, int Line);

/// <summary>Something of the end of an execution that a condition speaks of.</summary>
/// <param name="Thread">Whose register, or −1 for a word.</param>
/// <param name="Index">Of the register in its thread, or of the word.</param>
/// <param name="Name">As herd prints it: <c>0:r1</c> or <c>[x]</c>.</param>
internal sealed record LitmusPlace(int Thread, int Index, string Name);

internal abstract record LitmusCondition
{
    /// <param name="valueOf">Final value of a place.</param>
    internal abstract bool Holds(Func<LitmusPlace, long> valueOf);

    internal abstract IEnumerable<LitmusPlace> Places { get; }
}

internal sealed record LitmusEquation(LitmusPlace Place, bool IsEqual, LitmusPlace? OtherPlace, long Value, string ValueText)
    : LitmusCondition
{
    internal override IEnumerable<LitmusPlace> Places => OtherPlace is null ? [Place] : [Place, OtherPlace];

    internal override bool Holds(Func<LitmusPlace, long> valueOf) =>
        valueOf(Place) == (OtherPlace is null ? Value : valueOf(OtherPlace)) == IsEqual;

    public override string ToString() => IsEqual ? $"{Place.Name}={ValueText}" : $"not ({Place.Name}={ValueText})";
}

internal sealed record LitmusNot(LitmusCondition Of) : LitmusCondition
{
    internal override IEnumerable<LitmusPlace> Places => Of.Places;

    internal override bool Holds(Func<LitmusPlace, long> valueOf) => !Of.Holds(valueOf);

    public override string ToString() => $"not ({Of})";
}

internal sealed record LitmusAll(IReadOnlyList<LitmusCondition> Of) : LitmusCondition
{
    internal override IEnumerable<LitmusPlace> Places => Of.SelectMany(one => one.Places);

    internal override bool Holds(Func<LitmusPlace, long> valueOf) => Of.All(one => one.Holds(valueOf));

    public override string ToString() =>
        Of.Count == 0 ? "true" : string.Join(" /\\ ", Of.Select(one => one is LitmusAny ? $"({one})" : one.ToString()));
}

internal sealed record LitmusAny(IReadOnlyList<LitmusCondition> Of) : LitmusCondition
{
    internal override IEnumerable<LitmusPlace> Places => Of.SelectMany(one => one.Places);

    internal override bool Holds(Func<LitmusPlace, long> valueOf) => Of.Any(one => one.Holds(valueOf));

    public override string ToString() => Of.Count == 0 ? "false" : string.Join(" \\/ ", Of);
}

internal enum LitmusQuantifier
{
    Exists,
    NotExists,
    ForAll,
}
