namespace Lab.Explorer.Strategies;

/// <summary>A part of a strategy's search of all schedules, to be explored by itself: in another process, on another machine.
/// Together the parts meet every state that the whole search meets, and no other.</summary>
/// <param name="Number">Which, from 1, in the order of the search.</param>
/// <param name="Count">How many there are.</param>
/// <param name="Known">What parts have taught that were explored before; null if nothing beyond what each finds out by
/// itself.</param>
public sealed record SearchPart(int Number, int Count, Learnt? Known = null)
{
    /// <summary>Executions of the search itself from which every part learns before it is cut, if nothing is known: with fewer,
    /// more parts turn out to be void.</summary>
    internal int SearchedToLearn { get; init; } = 4096;
}

/// <summary>What a part is put together with others by.</summary>
public sealed record PartFound
{
    /// <summary>Of what was known when it began to be explored: states of parts with another one are of another
    /// program.</summary>
    public required string Model { get; init; }

    /// <summary>Of <see cref="SearchPart.Known"/>; empty for null.</summary>
    public required string Began { get; init; }

    /// <summary>It ended because it learnt something: all parts have to begin again.</summary>
    public required bool IsVoid { get; init; }

    /// <summary>What is known at its end.</summary>
    public required Learnt Learnt { get; init; }

    /// <summary>Hashes of the states that it met, ascending.</summary>
    public IEnumerable<ulong> States { get; init; } = [];

    /// <summary>What agents did next, by what they had seen, ascending. One that has seen the same does the same, also in two
    /// parts.</summary>
    public IEnumerable<(ulong Seen, ulong Next)> Programs { get; init; } = [];
}
