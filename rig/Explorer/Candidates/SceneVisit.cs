using Lab.Explorer.Orders;
using Lab.Explorer.Seam;

namespace Lab.Explorer.Candidates;

/// <summary>Looks at executions of a scene one after the other: runs bodies once more, so that what they keep in variables is as
/// the execution leaves it, and asks the scene what it observes and what is wrong.</summary>
internal sealed class SceneVisit(Scene scene, Locations locations, IReadOnlyList<string> names)
{
    private readonly ThreadTrace?[] _last = new ThreadTrace?[names.Count];

    /// <summary>What makes the code impossible to explore.</summary>
    internal Finding? Fault { get; private set; }

    /// <summary>All threads of the last one came to their end.</summary>
    internal bool IsComplete { get; private set; }

    /// <summary>What is wrong with the last one, or null.</summary>
    internal Finding? Finding { get; private set; }

    /// <summary>What was observed at the end of the last one.</summary>
    internal string? Outcome { get; private set; }

    internal static Finding Nondeterministic(string thread) => new("nondeterministic",
        "A thread that reads the same does the same.",
        $"{thread} does not do again what it did before, having read the same: it is nondeterministic, or touches shared state "
            + "that the machine cannot see.");

    /// <summary>What a thread does with the values of a trace.</summary>
    internal static ThreadTrace Rerun(SceneProgram program, int thread, ThreadTrace trace, OrderModel? model = null)
    {
        TraceWriter writer = new(_ => [], OrderChanges.None, HasFences(trace, model))
            { Fed = [.. trace.Events.Where(e => e.IsRead).Select(e => e.Value)] };
        _ = writer.Begin(isFirst: true);
        return program.Run(thread, writer);
    }

    /// <summary>Looks at an execution that the model allows.</summary>
    internal void Look(SceneProgram program, Execution x, IReadOnlyList<ThreadTrace> traces)
    {
        (IsComplete, Outcome) = (false, null);
        Finding = Judged(program, x, traces);
    }

    private Finding? Judged(SceneProgram program, Execution x, IReadOnlyList<ThreadTrace> traces)
    {
        for (int thread = 0; thread < traces.Count; thread++)
        {
            if (traces[thread].Fault is NotSupportedException unsupported)
            {
                Fault = new Finding(
                    "unsupported", "The program uses only what the search models.", $"{names[thread]}: {unsupported.Message}");
                return null;
            }
            if (traces[thread].Fault is { } fault)
            {
                return new Finding("exception", "No thread throws.", $"{names[thread]}: {fault.GetType().Name}: {fault.Message}");
            }
        }
        if (traces.Any(trace => trace.WaitsFor is not null)) return Stuck(x, traces);
        IsComplete = true;
        if (scene.OutcomeOf is null && scene.Complaint is null) return null;
        for (int thread = 0; thread < traces.Count; thread++)
        {
            if (ReferenceEquals(_last[thread], traces[thread])) continue;
            _last[thread] = traces[thread];
            if (DoesTheSame(program, thread, traces[thread])) continue;
            Fault = Nondeterministic(names[thread]);
            return null;
        }
        long[] final = CandidateSearch.FinalOf(x, program.Initial);
        for (int word = 0; word < locations.WordCount; word++) scene.Words[word].Value = unchecked((ulong)final[word]);
        try
        {
            Outcome = scene.OutcomeOf?.Invoke();
            return scene.Complaint?.Invoke() is { } complaint
                ? new Finding("check", "What the scene checks at the end holds.", complaint) : null;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return new Finding("exception", "The scene's check and outcome throw nothing.",
                $"After a complete execution: {e.GetType().Name}: {e.Message}");
        }
    }

    private static bool HasFences(ThreadTrace trace, OrderModel? model) => model?.HasFencesAroundModifications
        ?? trace.Events.Any(e => e.Fence == FenceKind.OfModification);

    /// <summary>Orders may have been changed, and fences put in: what is read and written is compared.</summary>
    private static bool DoesTheSame(SceneProgram program, int thread, ThreadTrace trace)
    {
        try
        {
            return Accesses(Rerun(program, thread, trace)).SequenceEqual(Accesses(trace));
        }
        catch (TraceDiffersException)
        {
            return false;
        }

        static IEnumerable<(MemoryEventKind, int, long)> Accesses(ThreadTrace trace) =>
            trace.Events.Where(e => e.Kind != MemoryEventKind.Fence).Select(e => (e.Kind, e.Location, e.Value));
    }

    /// <summary>What is wrong if every thread that has not ended waits for a word whose last value it has seen; null if one of
    /// them would have gone on had it looked later, which is another execution.</summary>
    private Finding? Stuck(Execution x, IReadOnlyList<ThreadTrace> traces)
    {
        EventSet overwritten = x.Co.Inverse.Range;
        bool areAllLocks = true;
        List<string> waits = [];
        int first = 0;
        for (int thread = 0; thread < traces.Count; first += traces[thread++].Events.Count)
        {
            if (traces[thread].WaitsFor is not { } words) continue;
            List<string> told = [];
            foreach (int word in words)
            {
                int last = first + traces[thread].Events.Count - 1;
                while (x.Events[last].Location != word) last--;
                int source = x.Events[last].IsWrite ? last : x.Sources[last];
                bool isLast = source < 0 ? !x.Events.Any(e => e.IsWrite && e.Location == word) : !overwritten[source];
                if (!isLast) return null;
                areAllLocks &= word >= locations.WordCount;
                string from = word < locations.WordCount ? $" to change from {unchecked((ulong)x.Events[last].Value)}" : "";
                told.Add(locations.NameOf(word) + from);
            }
            waits.Add($"{names[thread]} waits for {string.Join(" or ", told)}");
        }
        string what = $"{string.Join("; ", waits)}; nobody else can continue.";
        return areAllLocks
            ? new Finding("deadlock", "Threads do not wait for each other forever.", what)
            : new Finding("lost wake-up", "What a thread waits for comes.", what);
    }
}
