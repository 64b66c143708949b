namespace Lab.Explorer.Orders;

/// <summary>Bounds what a thread that goes on reading can be told: no word goes back to what it was, and each value that appears
/// anew is a store of another thread, of which there are so many.</summary>
/// <remarks>Coherence alone, as every model has it; says yes to all that can be, and to some that cannot.</remarks>
/// <param name="initial">What each word holds at the start.</param>
/// <param name="most">How often other threads may store a value in a word.</param>
internal sealed class Sightings(IReadOnlyList<long> initial, IReadOnlyDictionary<(int Location, long Value), int> most)
{
    private readonly Dictionary<int, long> _last = [];
    private readonly Dictionary<(int Location, long Value), int> _used = [];

    /// <summary>Per thread, how often the others may store each value, if each does what it does most.</summary>
    internal static Dictionary<(int, long), int>[] OfOthers(IReadOnlyList<IEnumerable<ThreadTrace>> traces)
    {
        Dictionary<(int, long), int>[] own = [.. traces.Select(Most)];
        Dictionary<(int, long), int>[] others = [.. traces.Select(_ => new Dictionary<(int, long), int>())];
        for (int thread = 0; thread < others.Length; thread++)
        {
            for (int other = 0; other < others.Length; other++)
            {
                if (other == thread) continue;
                foreach (((int, long) key, int count) in own[other])
                {
                    others[thread][key] = others[thread].GetValueOrDefault(key) + count;
                }
            }
        }
        return others;
    }

    /// <summary>A run begins.</summary>
    internal void Begin()
    {
        _last.Clear();
        _used.Clear();
    }

    /// <summary>The thread stores.</summary>
    internal void Write(int location, long value) => _last[location] = value;

    /// <summary>Whether the thread, after what it has seen, can see that there; it counts as seen.</summary>
    internal bool MaySee(int location, long value)
    {
        if ((_last.TryGetValue(location, out long last) ? last : initial[location]) == value)
        {
            // What was there before, or, where that was looked at already, is there still.
            _last[location] = value;
            return true;
        }
        int used = _used.GetValueOrDefault((location, value)) + 1;
        (_used[(location, value)], _last[location]) = (used, value);
        return used <= most.GetValueOrDefault((location, value));
    }

    private static Dictionary<(int, long), int> Most(IEnumerable<ThreadTrace> traces)
    {
        Dictionary<(int, long), int> most = [];
        Dictionary<(int, long), int> one = [];
        foreach (ThreadTrace trace in traces)
        {
            one.Clear();
            foreach (MemoryEvent e in trace.Events)
            {
                if (e.IsWrite) one[(e.Location, e.Value)] = one.GetValueOrDefault((e.Location, e.Value)) + 1;
            }
            foreach (((int, long) key, int count) in one) most[key] = Math.Max(count, most.GetValueOrDefault(key));
        }
        return most;
    }
}
