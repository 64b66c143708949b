namespace Lab.Explorer.Graph;

/// <summary>Which choices keep a graph consistent. Sequential consistency: program order, reads-from, coherence and from-read
/// have no cycle together. x86-TSO: the same without the program order from a plain store to a later load and without reads-from
/// inside a thread, and each word alone is sequentially consistent.</summary>
/// <remarks>The event asked about is the last of its thread, so that a cycle can only leave it through the write that follows the
/// chosen one in coherence order. All choices from the highest write that comes before the event anyway are therefore consistent,
/// and none below. The search back visits each event once at most.</remarks>
internal sealed class Consistency
{
    private int[] _visited = [];
    private int[] _pending = [];
    private int _count;
    private int _round;

    /// <summary>Lowest place of a write to the event's word that the event may read, or that may come directly before
    /// it.</summary>
    internal int LowestPlace(ExecutionGraph graph, int e)
    {
        ref Event asked = ref graph.Events[e];
        int highest = graph.WriteCount[asked.Location] - 1;
        if (highest == 0) return 0;
        int last = graph.LastWrite(asked.Location);
        ref Event lastWrite = ref graph.Events[last];
        bool isBefore =
            graph.IsTso ? lastWrite.Thread == asked.Thread && lastWrite.Index < asked.Index : graph.IsBefore(lastWrite, e);
        if (isBefore) return highest;
        int floor = FloorInThread(graph, asked);
        Begin(graph);
        PushBefore(graph, asked);
        return Search(graph, asked.Location, floor, highest);
    }

    /// <summary>Lowest place of a write that may come directly before <paramref name="write"/> if <paramref name="read"/>, as yet
    /// without a source, reads it.</summary>
    internal int LowestPlace(ExecutionGraph graph, int read, int write)
    {
        ref Event r = ref graph.Events[read];
        ref Event w = ref graph.Events[write];
        int highest = graph.WriteCount[w.Location] - 1;
        if (highest == 0) return 0;
        int floor = Math.Max(FloorInThread(graph, r), FloorInThread(graph, w));
        Begin(graph);
        PushBefore(graph, r);
        PushBefore(graph, w);
        return Search(graph, w.Location, floor, highest);
    }

    /// <summary>What comes directly before an event in the model's order, handed to <paramref name="visit"/>; initial writes are
    /// left out.</summary>
    internal static void ForEachBefore(ExecutionGraph graph, int e, Action<int> visit)
    {
        ref Event asked = ref graph.Events[e];
        if (asked.Strong >= 0) visit(asked.Strong);
        if (asked.Buffered >= 0 && !asked.IsPlainLoad) visit(asked.Buffered);
        if (asked.Kind == EventKind.Read && IsOrderedSource(graph, asked)) visit(asked.Source);
        if (asked.Kind != EventKind.Write || asked.Place == 0) return;
        int before = graph.Writes[asked.Location][asked.Place - 1];
        if (before >= 0) visit(before);
        for (int reader = before < 0 ? graph.InitialReader[~before]
            : graph.Events[before].Reader; reader >= 0; reader = graph.Events[reader].NextReader)
        {
            if (reader != e) visit(reader);
        }
    }

    private static bool IsOrderedSource(ExecutionGraph graph, in Event read) =>
        read.Source >= 0 && !(graph.IsTso && graph.Events[read.Source].Thread == read.Thread);

    /// <summary>Coherence of the word alone: what the thread did to it last. Only x86-TSO can forget it otherwise.</summary>
    private static int FloorInThread(ExecutionGraph graph, in Event asked)
    {
        if (!graph.IsTso) return 0;
        int[] events = graph.EventsOf[asked.Thread];
        for (int index = asked.Index - 1; index >= 0; index--)
        {
            ref Event e = ref graph.Events[events[index]];
            if (e.Location != asked.Location) continue;
            if (e.Kind == EventKind.Write) return e.Place;
            if (e.Kind == EventKind.Read) return graph.PlaceOf(e.Source);
        }
        return 0;
    }

    private int Search(ExecutionGraph graph, int location, int floor, int highest)
    {
        Event[] events = graph.Events;
        while (_count > 0 && floor < highest)
        {
            ref Event e = ref events[_pending[--_count]];
            if (e.Kind == EventKind.Write && e.Location == location && e.Place > floor) floor = e.Place;
            PushBefore(graph, e);
        }
        return floor;
    }

    private void Begin(ExecutionGraph graph)
    {
        if (_visited.Length < graph.Count)
        {
            _visited = new int[graph.Events.Length];
            _pending = new int[graph.Events.Length];
        }
        _count = 0;
        _round++;
    }

    private void PushBefore(ExecutionGraph graph, in Event e)
    {
        Push(e.Strong);
        if (!e.IsPlainLoad) Push(e.Buffered);
        if (e.Kind == EventKind.Read && IsOrderedSource(graph, e)) Push(e.Source);
        if (e.Kind != EventKind.Write || e.Place == 0) return;
        int before = graph.Writes[e.Location][e.Place - 1];
        if (before >= 0) Push(before);
        for (int reader = before < 0 ? graph.InitialReader[~before]
            : graph.Events[before].Reader; reader >= 0; reader = graph.Events[reader].NextReader)
        {
            Push(reader);
        }
    }

    private void Push(int e)
    {
        if (e < 0 || _visited[e] == _round) return;
        _visited[e] = _round;
        _pending[_count++] = e;
    }
}
