namespace Lab.Explorer.Graph;

/// <summary>What a walk does at a place.</summary>
internal enum Visit
{
    /// <summary>Goes on from here, and counts.</summary>
    Counted,

    /// <summary>Goes on from here only to come to what is below.</summary>
    Passed,

    /// <summary>Leaves it and all below it out.</summary>
    LeftOut,

    /// <summary>Ends here: nothing of the slice is left.</summary>
    Ends,
}

/// <summary>Where a <see cref="GraphSearch"/> is in its tree of choices, and whether that is in the slice that it shall walk
/// through. The alternatives that a place keeps lie together on the stack of <see cref="Choices"/>, the last one taken
/// first.</summary>
/// <param name="slice">What counts.</param>
/// <param name="depthMax">Places so deep are noted in <see cref="Frontier"/> instead of being walked through.</param>
internal sealed class WalkedSlice(SearchSlice slice, int depthMax = int.MaxValue)
{
    private readonly List<(int Base, int Total, int Choice)> _open = [];

    /// <summary>Places met so far, where there is a largest depth; in the order of the walk.</summary>
    public List<(SearchPlace Place, bool IsOpen)> Frontier { get; } = [];

    /// <summary>At the start of the search.</summary>
    public Visit Begin()
    {
        _open.Clear();
        return VisitOf(SearchPlace.Start);
    }

    /// <summary>A place has kept alternatives: from <paramref name="before"/> on the stack up to
    /// <paramref name="count"/>.</summary>
    public void Keep(int before, int count)
    {
        if (count > before) _open.Add((before, count - before, 0));
    }

    /// <summary>The last of so many alternatives on the stack is about to be taken.</summary>
    public Visit Take(int count)
    {
        while (_open[^1].Base >= count) _open.RemoveAt(_open.Count - 1);
        (int from, int total, _) = _open[^1];
        _open[^1] = (from, total, from + total - count);
        return slice == SearchSlice.Whole && depthMax == int.MaxValue ? Visit.Counted
            : VisitOf(new SearchPlace([.. _open.Select(one => one.Choice)]));
    }

    private Visit VisitOf(SearchPlace place)
    {
        if (depthMax < int.MaxValue)
        {
            bool isOpen = place.Choices.Count >= depthMax;
            Frontier.Add((place, isOpen));
            return isOpen ? Visit.LeftOut : Visit.Passed;
        }
        if (slice.Before is { } end && place.Against(end) >= 0) return Visit.Ends;
        if (place.Against(slice.From) >= 0) return Visit.Counted;
        return place.IsAbove(slice.From) ? Visit.Passed : Visit.LeftOut;
    }
}
