namespace Lab.Explorer.Orders;

/// <summary>What a thread of a program does when its reads return certain values.</summary>
/// <param name="Events">In program order.</param>
/// <param name="Results">What it ends with: registers, in the program's order.</param>
/// <param name="Fault">Why the thread could not go on after the last event, or null.</param>
internal sealed record ThreadTrace(IReadOnlyList<MemoryEvent> Events, IReadOnlyList<long> Results, Exception? Fault)
{
    /// <summary>The words, one of which has to change before the thread goes on; null if it has come to its end.</summary>
    internal IReadOnlyList<int>? WaitsFor { get; init; }
}

/// <summary>A program whose threads can be run against any values.</summary>
internal interface ITracedProgram
{
    /// <summary>What each word holds at the start; may grow at its end while threads run.</summary>
    IReadOnlyList<long> Initial { get; }

    int Threads { get; }

    /// <summary>Values that reads may return though no store is known that writes them: what such a read decides may be what lets
    /// a store write them. None where a value can only come from a store that writes it in any case.</summary>
    IReadOnlyList<long> Guesses => [];

    /// <summary>Threads may loop until they read something: how often is bounded by what there is to see.</summary>
    bool HasLoops => false;

    /// <summary>Runs a thread. May throw <see cref="TraceBlockedException"/>.</summary>
    ThreadTrace Run(int thread, TraceWriter writer);
}

/// <summary>Enumerates the executions of a program that a model allows, load buffering included: first what each thread may do if
/// its reads return whatever anybody may store, then all ways in which these values can come about.</summary>
/// <remarks>A value is believed to be possible only if as many stores as the program makes lead to it from the initial ones or
/// from a guess, which leaves out values that come out of thin air by adding to themselves; a model with dependencies
/// forbids the others. Each pair of reads-from and coherence is looked at once. Coherence is tested word by word before
/// the model is asked.</remarks>
internal sealed class CandidateSearch(ITracedProgram program, OrderModel model, OrderChanges changes)
{
    /// <summary>Rounds, per store that there may be, in which threads may become longer.</summary>
    private const int RoundsOfLoops = 3;

    /// <summary>Things that one thread can do, depending on what it reads, that are kept.</summary>
    internal const int TracesMax = 200_000;

    private readonly List<ThreadTrace>[] _traces = new List<ThreadTrace>[program.Threads];
    private readonly List<ThreadTrace>[] _begun = new List<ThreadTrace>[program.Threads];
    private readonly ThreadTrace[] _chosen = new ThreadTrace[program.Threads];
    private HashSet<(int Location, long Value)>[] _written = [];
    private long _progress;

    /// <summary>Executions with the right values that the model was asked about.</summary>
    internal long Candidates { get; private set; }

    /// <summary>Asked now and then; true ends the search early.</summary>
    internal Func<bool> IsStopped { get; init; } = () => false;

    /// <summary>Told of each execution with the right values, each word by itself in order, that the model forbids.</summary>
    internal Action<Execution, IReadOnlyList<ThreadTrace>>? Forbidden { get; init; }

    internal bool WasStopped { get; private set; }

    /// <summary>Grows while the search gets on. Any thread may read it.</summary>
    internal long Progress => Volatile.Read(ref _progress);

    /// <summary>It was stopped because a thread can do too many things.</summary>
    internal bool HasTooManyTraces { get; private set; }

    /// <summary>A thread could go on longer than was looked at.</summary>
    internal bool HasLeftOutLoops { get; private set; }

    /// <summary>Hands every allowed execution, with what each thread ends with and what each word holds, to
    /// <paramref name="visit"/>, until that returns false.</summary>
    internal void Run(Func<Execution, IReadOnlyList<ThreadTrace>, bool> visit)
    {
        FindTraces();
        if (program.HasLoops)
        {
            // The first that is found is to be short.
            foreach (List<ThreadTrace> traces in _traces) traces.Sort((one, other) => one.Events.Count - other.Events.Count);
        }
        _written = [.. _traces.Select(traces => traces.SelectMany(trace => trace.Events).Where(e => e.IsWrite)
            .Select(e => (e.Location, e.Value)).ToHashSet())];
        ChooseTraces(0, visit);
    }

    /// <summary>Final value of each word.</summary>
    internal static long[] FinalOf(Execution x, IReadOnlyList<long> initial)
    {
        long[] final = [.. initial];
        EventSet overwritten = x.Co.Inverse.Range;
        for (int e = 0; e < x.Events.Length; e++)
        {
            if (x.Events[e].IsWrite && !overwritten[e]) final[x.Events[e].Location] = x.Events[e].Value;
        }
        return final;
    }

    private void FindTraces()
    {
        List<List<long>> values = [];
        Dictionary<(int, long), int>[] seen = [];
        if (program.HasLoops) seen = [.. Enumerable.Range(0, program.Threads).Select(_ => new Dictionary<(int, long), int>())];
        for (int round = 0; ; round++)
        {
            int most = 0;
            for (int thread = 0; thread < program.Threads; thread++)
            {
                Sightings? sightings = program.HasLoops ? new Sightings(program.Initial, seen[thread]) : null;
                _traces[thread] = TracesOf(thread, ValuesOf, sightings);
                most += _traces[thread].Concat(_begun[thread])
                    .Select(trace => trace.Events.Count(e => e.IsWrite)).DefaultIfEmpty().Max();
            }
            int stores = Math.Max(most, 1);
            bool hasGrown = false;
            foreach (MemoryEvent e in _traces.Concat(_begun).SelectMany(traces => traces).SelectMany(trace => trace.Events))
            {
                if (!e.IsWrite || round >= stores || ValuesOf(e.Location).Contains(e.Value)) continue;
                values[e.Location].Add(e.Value);
                hasGrown = true;
            }
            if (program.HasLoops)
            {
                Dictionary<(int, long), int>[] next =
                    Sightings.OfOthers([.. _traces.Zip(_begun, (ended, begun) => ended.Concat(begun))]);
                // What is seen more often leads to longer threads, and those may be seen more often: for some rounds.
                bool canSeeMore = next.Zip(seen).Any(pair => pair.First.Any(one =>
                    one.Value > pair.Second.GetValueOrDefault(one.Key)));
                if (canSeeMore && !hasGrown && round >= RoundsOfLoops * stores) HasLeftOutLoops = true;
                else hasGrown |= canSeeMore;
                seen = next;
            }
            if (!hasGrown || WasStopped) return;
        }

        List<long> ValuesOf(int location)
        {
            while (values.Count <= location) values.Add([.. program.Guesses.Prepend(program.Initial[values.Count]).Distinct()]);
            return values[location];
        }
    }

    private List<ThreadTrace> TracesOf(int thread, Func<int, IReadOnlyList<long>> valuesOf, Sightings? sightings)
    {
        TraceWriter writer = new(valuesOf, changes, model.HasFencesAroundModifications) { Sightings = sightings };
        List<ThreadTrace> traces = [];
        List<ThreadTrace> begun = _begun[thread] = [];
        for (bool isFirst = true; writer.Begin(isFirst); isFirst = false)
        {
            if (Stops()) break;
            if (traces.Count + begun.Count == TracesMax)
            {
                WasStopped = HasTooManyTraces = true;
                break;
            }
            try
            {
                traces.Add(program.Run(thread, writer));
            }
            catch (TraceBlockedException)
            {
                // Waits forever if it reads that, or cannot read it: no complete execution. What it would have read instead may
                // not be known yet, as its own store, and it has stored that all the same.
                if (program.HasLoops && writer.Events.Any(e => e.IsWrite)) begun.Add(new ThreadTrace(writer.Events, [], null));
            }
            catch (TraceTooLongException) when (program.HasLoops)
            {
                HasLeftOutLoops = true;
            }
        }
        return traces;
    }

    private bool ChooseTraces(int thread, Func<Execution, IReadOnlyList<ThreadTrace>, bool> visit)
    {
        if (thread == program.Threads) return ChooseSources(visit);
        foreach (ThreadTrace trace in _traces[thread])
        {
            if (Stops()) return false;
            _chosen[thread] = trace;
            if (IsPossible(thread) && !ChooseTraces(thread + 1, visit)) return false;
        }
        return true;
    }

    /// <summary>Every value read so far is there at the start, is written by a thread whose doing is chosen, or may be by one
    /// whose is not.</summary>
    private bool IsPossible(int last)
    {
        for (int thread = 0; thread <= last; thread++)
        {
            foreach (MemoryEvent e in _chosen[thread].Events)
            {
                if (!e.IsRead || program.Initial[e.Location] == e.Value) continue;
                bool isWritten = false;
                for (int other = 0; other < program.Threads && !isWritten; other++)
                {
                    isWritten = other > last ? _written[other].Contains((e.Location, e.Value))
                        : _chosen[other].Events.Any(w => w.IsWrite && w.Location == e.Location && w.Value == e.Value);
                }
                if (!isWritten) return false;
            }
        }
        return true;
    }

    private bool ChooseSources(Func<Execution, IReadOnlyList<ThreadTrace>, bool> visit)
    {
        Execution x = new([.. _chosen.Select(trace => trace.Events)]);
        MemoryEvent[] events = x.Events;
        int[] reads = [.. Enumerable.Range(0, events.Length).Where(e => events[e].IsRead)];
        int[] sources = new int[events.Length];
        Array.Fill(sources, -1);
        EventSet modifying = x.Rmw.Inverse.Range;
        return Choose(0);

        bool Choose(int index)
        {
            if (index == reads.Length) return ChooseOrders(x, sources, visit);
            if (Stops()) return false;
            int read = reads[index];
            for (int write = -1; write < events.Length; write++)
            {
                if (write < 0 ? program.Initial[events[read].Location] != events[read].Value : !IsSource(write, read)) continue;
                if (modifying[read] && reads.AsSpan(0, index).ToArray().Any(other => modifying[other] && sources[other] == write
                    && events[other].Location == events[read].Location)) continue;
                sources[read] = write;
                if (!Choose(index + 1)) return false;
            }
            sources[read] = -1;
            return true;
        }

        bool IsSource(int write, int read) => events[write].IsWrite && events[write].Location == events[read].Location
            && events[write].Value == events[read].Value && !x.Po[read, write];
    }

    private bool ChooseOrders(Execution x, int[] sources, Func<Execution, IReadOnlyList<ThreadTrace>, bool> visit)
    {
        List<int[]>[] orders = new List<int[]>[program.Initial.Count];
        for (int location = 0; location < orders.Length; location++)
        {
            orders[location] = WordOrders.Of(x, location, sources);
            if (orders[location].Count == 0) return true;
        }
        int[][] chosen = new int[orders.Length][];
        return Choose(0);

        bool Choose(int location)
        {
            if (location < orders.Length)
            {
                foreach (int[] order in orders[location])
                {
                    chosen[location] = order;
                    if (!Choose(location + 1)) return false;
                }
                return true;
            }
            if (Stops()) return false;
            Candidates++;
            x.Choose([.. sources], [.. chosen]);
            if (model.Allows(x)) return visit(x, _chosen);
            Forbidden?.Invoke(x, _chosen);
            return true;
        }
    }

    private bool Stops()
    {
        Volatile.Write(ref _progress, _progress + 1);
        if (!WasStopped && IsStopped()) WasStopped = true;
        return WasStopped;
    }
}
