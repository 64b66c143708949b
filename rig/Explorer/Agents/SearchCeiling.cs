namespace Lab.Explorer.Agents;

/// <summary>Cuts a <see cref="StateSearch"/> across: at a depth in choices it has places, numbered in the order in which the
/// search comes to them, and everything below a place. A part of the search owns places that follow each other; what is above
/// them is gone through by all parts alike. Executions that end above are places, too.</summary>
/// <param name="depth">Of the places.</param>
/// <param name="from">The first place that is its own.</param>
/// <param name="before">The first behind them, at which the part ends.</param>
internal sealed class SearchCeiling(int depth, long from, long before)
{
    public int Depth => depth;

    /// <summary>Places come to so far.</summary>
    public long Places { get; private set; }

    /// <summary>Of them, those at which the search goes on.</summary>
    public long OpenPlaces { get; private set; }

    /// <summary>It has come to a place behind its own.</summary>
    public bool IsPassed { get; private set; }

    /// <summary>States above the places.</summary>
    public HashSet<ulong> States { get; } = [];

    /// <summary>Of states at a depth, the choices that were left out when they were met.</summary>
    public Dictionary<ulong, uint> Seen { get; } = [];

    /// <summary>How far it is within its own places, of 1.</summary>
    public double DoneShare => Math.Clamp((double)(Places - 1 - from) / Math.Max(1, before - from), 0, 1);

    /// <summary>Books the next place; true if it is its own.</summary>
    public bool ComesTo(bool isOpen)
    {
        if (IsPassed) return false;
        long place = Places++;
        if (isOpen) OpenPlaces++;
        IsPassed = place >= before;
        return place >= from && !IsPassed;
    }
}
