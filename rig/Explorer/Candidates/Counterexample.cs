using Lab.Explorer.Orders;

namespace Lab.Explorer.Candidates;

/// <summary>An execution in which something is wrong, kept to ask quickly whether other orders would forbid it: most sets of
/// changes leave one possible that has been seen already. Events are told by their number among the accesses, since changes put
/// fences between them.</summary>
internal sealed class Counterexample
{
    private readonly long[][] _values;
    private readonly int[] _sources;
    private readonly int[][] _orders;

    internal Counterexample(Execution x, IReadOnlyList<ThreadTrace> traces, int words)
    {
        int[] accesses = Accesses(x);
        int[] numberOf = new int[x.Events.Length];
        foreach ((int number, int e) in accesses.Index()) numberOf[e] = number;
        _values = [.. traces.Select(trace => trace.Events.Where(e => e.IsRead).Select(e => e.Value).ToArray())];
        _sources = [.. accesses.Select(e => x.Events[e].IsRead && x.Sources[e] >= 0 ? numberOf[x.Sources[e]] : -1)];
        _orders = [.. Enumerable.Range(0, words).Select(word => accesses
            .Where(e => x.Events[e].IsWrite && x.Events[e].Location == word)
            .OrderBy(e => accesses.Count(before => x.Co[before, e])).Select(e => numberOf[e]).ToArray())];
    }

    /// <summary>Whether the model allows it with the orders changed.</summary>
    internal bool IsAllowed(SceneProgram program, OrderModel model, OrderChanges changes)
    {
        ThreadTrace[] traces = new ThreadTrace[_values.Length];
        for (int thread = 0; thread < traces.Length; thread++)
        {
            TraceWriter writer = new(_ => [], changes, model.HasFencesAroundModifications) { Fed = _values[thread] };
            _ = writer.Begin(isFirst: true);
            traces[thread] = program.Run(thread, writer);
        }
        Execution x = new([.. traces.Select(trace => trace.Events)]);
        int[] accesses = Accesses(x);
        int[] sources = new int[x.Events.Length];
        Array.Fill(sources, -1);
        foreach ((int number, int e) in accesses.Index()) sources[e] = _sources[number] < 0 ? -1 : accesses[_sources[number]];
        x.Choose(sources, [.. _orders.Select(order => order.Select(number => accesses[number]).ToArray())]);
        return model.Allows(x);
    }

    private static int[] Accesses(Execution x) =>
        [.. Enumerable.Range(0, x.Events.Length).Where(e => x.Events[e].Kind != MemoryEventKind.Fence)];
}
