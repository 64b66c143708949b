using Lab.Explorer.Orders;

namespace Lab.Explorer.Litmus;

/// <summary>A litmus test in the kernel's C: a few threads, and a question about how they may end. Read by
/// <see cref="Read"/>.</summary>
public sealed class LitmusTest
{
    /// <summary>Addresses are values that no arithmetic of a test comes to by accident.</summary>
    private const long FirstAddress = 1L << 40;

    private const long AddressStep = 1L << 32;

    /// <summary>From the first line.</summary>
    public required string Name { get; init; }

    internal IReadOnlyList<string> Words { get; init; } = [];
    internal IReadOnlyList<long> Initial { get; init; } = [];
    internal IReadOnlyList<LitmusThread> Threads { get; init; } = [];
    internal LitmusQuantifier Quantifier { get; init; }
    internal LitmusCondition Condition { get; init; } = new LitmusAll([]);

    /// <summary>Executions in which this does not hold do not count.</summary>
    internal LitmusCondition? Filter { get; init; }

    /// <summary>What a state consists of, in the order in which herd prints it.</summary>
    internal IReadOnlyList<LitmusPlace> Observed { get; init; } = [];

    /// <summary>Operations by their number.</summary>
    internal IReadOnlyList<LitmusCall> Sites { get; init; } = [];

    internal EventNames Names => new(word => Words[word], ValueText, site => Sites[site].Line);

    /// <summary>Number of the thread that an operation is of.</summary>
    internal int ThreadOf(LitmusCall site) =>
        FirstSites.Count - 1 - FirstSites.Reverse().TakeWhile(first => first > site.Site).Count();

    /// <summary>Per thread, the number of its first operation.</summary>
    internal IReadOnlyList<int> FirstSites { get; init; } = [];

    /// <summary>Reads a test.</summary>
    /// <exception cref="LitmusException">It is not one, or uses what is not supported; says the line.</exception>
    public static LitmusTest Read(string text) => new LitmusParser(text).Read();

    internal static long AddressOf(int word) => FirstAddress + word * AddressStep;

    /// <summary>The word at an address, or −1.</summary>
    internal int WordAt(long address)
    {
        long offset = address - FirstAddress;
        return offset >= 0 && offset % AddressStep == 0 && offset / AddressStep < Words.Count ? (int)(offset / AddressStep) : -1;
    }

    /// <summary>A value as herd prints it: the name of the word if it is an address.</summary>
    internal string ValueText(long value) =>
        WordAt(value) is >= 0 and var word ? Words[word] : value.ToString(System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>It says what must always be so; others say what may happen, or must not.</summary>
    public bool AsksForAll => Quantifier == LitmusQuantifier.ForAll;

    /// <summary>The question, as it is asked.</summary>
    public string ConditionText => $"{Quantifier switch
    {
        LitmusQuantifier.Exists => "exists",
        LitmusQuantifier.NotExists => "~exists",
        _ => "forall",
    }} ({Condition})";
}
