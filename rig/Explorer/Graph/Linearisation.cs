using Lab.Explorer.Seam;

namespace Lab.Explorer.Graph;

/// <summary>One order of the events of a graph in which a machine could have executed them, made with few switches. Under x86-TSO
/// a store that does not reach memory before its thread goes on is shown twice: when it is made, and when it arrives.</summary>
/// <remarks>Greedy from each thread as the first, keeping the best: few preemptions, not provably the fewest.</remarks>
internal sealed class Linearisation(ExecutionGraph graph, Locations locations, IReadOnlyList<string> names)
{
    private readonly bool[] _isInMemory = new bool[graph.Count];
    private readonly int[] _next = new int[graph.Threads];
    private readonly Queue<int>[] _buffers = [.. Enumerable.Range(0, graph.Threads).Select(_ => new Queue<int>())];

    /// <summary>The failure that the graph is, with the finding as its end.</summary>
    internal Failure Show(Finding finding)
    {
        (List<Step> Steps, int Preemptions)? best = null;
        for (int first = 0; first < graph.Threads; first++)
        {
            (List<Step> steps, int preemptions) = From(first);
            if (best is not { } found || preemptions < found.Preemptions) best = (steps, preemptions);
        }
        (List<Step> chosen, int switches) = best ?? ([], 0);
        return new Failure(finding, names, chosen, switches, Replay: "", HasFewestPreemptions: switches == 0,
            HasFewestSteps: false);
    }

    private (List<Step> Steps, int Preemptions) From(int first)
    {
        Array.Clear(_isInMemory);
        Array.Clear(_next);
        foreach (Queue<int> buffer in _buffers) buffer.Clear();
        List<Step> steps = [];
        int preemptions = 0;
        int current = first;
        while (true)
        {
            if (!TryStep(current, steps))
            {
                if (TryArrive(-1, steps)) continue;
                int other = NextReady(current);
                if (other < 0) return (steps, preemptions);
                if (_next[current] < graph.CountOf[current]) preemptions++;
                current = other;
            }
        }
    }

    private int NextReady(int current)
    {
        for (int step = 1; step < graph.Threads; step++)
        {
            int thread = (current + step) % graph.Threads;
            if (_next[thread] < graph.CountOf[thread] && IsReady(thread)) return thread;
        }
        return -1;
    }

    private bool TryStep(int thread, List<Step> steps)
    {
        if (_next[thread] == graph.CountOf[thread]) return false;
        while (_buffers[thread].Count > 0 && TryArrive(thread, steps)) { }
        if (!IsReady(thread)) return false;
        int id = graph.EventsOf[thread][_next[thread]++];
        ref Event e = ref graph.Events[id];
        bool isLook = e.Kind is EventKind.Read && e.Purpose == ReadPurpose.Load;
        if (graph.IsTso && e.IsPlainStore)
        {
            _buffers[thread].Enqueue(id);
            if (_buffers[thread].Count > 1 || !IsAfterAll(id))
            {
                steps.Add(new Step(thread, $"{EventText.Of(e, locations)} (into the store buffer)", null, [], IsNotable: true));
                return true;
            }
            _buffers[thread].Dequeue();
        }
        _isInMemory[id] = true;
        if (e.IsAtomicWrite) return true;
        steps.Add(new Step(thread, EventText.Of(e, locations), null, [], IsNotable: !isLook && e.Kind != EventKind.Turn));
        return true;
    }

    /// <summary>Lets the oldest store of a buffer, or of any with −1, reach memory, if it may by now.</summary>
    private bool TryArrive(int thread, List<Step> steps)
    {
        for (int owner = Math.Max(thread, 0); owner < (thread < 0 ? graph.Threads : thread + 1); owner++)
        {
            if (!_buffers[owner].TryPeek(out int id) || !IsAfterAll(id)) continue;
            _buffers[owner].Dequeue();
            _isInMemory[id] = true;
            ref Event e = ref graph.Events[id];
            steps.Add(
                new Step(owner, $"store {locations.NameOf(e.Location)} = {e.Value} reaches memory", null, [], IsNotable: true));
            return true;
        }
        return false;
    }

    private bool IsReady(int thread)
    {
        int[] events = graph.EventsOf[thread];
        int index = _next[thread];
        // A buffered store waits for nobody. The write part of a read-modify-write comes with its read part, which therefore
        // waits for both.
        if (graph.Events[events[index]].IsAtomicWrite || (graph.IsTso && graph.Events[events[index]].IsPlainStore)) return true;
        bool hasWritePart = index + 1 < graph.CountOf[thread] && graph.Events[events[index + 1]].IsAtomicWrite;
        return IsAfterAll(events[index]) && (!hasWritePart || IsAfterAll(events[index + 1], except: events[index]));
    }

    private bool IsAfterAll(int id, int except = Event.None)
    {
        bool isAfterAll = true;
        Consistency.ForEachBefore(graph, id, earlier => isAfterAll &= _isInMemory[earlier] || earlier == except);
        return isAfterAll;
    }
}
