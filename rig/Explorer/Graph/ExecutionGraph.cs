namespace Lab.Explorer.Graph;

/// <summary>What a thread of an <see cref="ExecutionGraph"/> has come to.</summary>
internal enum ThreadState : byte
{
    /// <summary>More events may follow.</summary>
    Open,
    Done,

    /// <summary>Waits for another value than it read.</summary>
    Blocked,
}

/// <summary>An execution as a graph: the events in the order they were added, which write each read reads, and the order of the
/// writes to each word. Events are only taken away from the end (<see cref="Cut"/>); anything else makes a copy.</summary>
/// <remarks>One thread at a time. Memory grows with the largest graph ever held and is kept for the next.</remarks>
internal sealed class ExecutionGraph(int threads, bool isTso)
{
    internal readonly int Threads = threads;
    internal readonly bool IsTso = isTso;
    internal readonly int[][] EventsOf = [.. Enumerable.Range(0, threads).Select(_ => new int[8])];
    internal readonly int[] CountOf = new int[threads];
    internal readonly ThreadState[] States = new ThreadState[threads];

    /// <summary>Which run of the thread's body ended as this graph has it, or 0: whether what the body captured still belongs to
    /// this graph.</summary>
    internal readonly long[] RunOf = new long[threads];

    /// <summary>Words that a blocked thread waits for; empty for the word of its last event.</summary>
    internal readonly int[][] WaitsFor = new int[threads][];

    internal Event[] Events = new Event[32];
    internal int Count;

    /// <summary>Writes to each word in coherence order; the initial write comes first.</summary>
    internal int[][] Writes = [];

    internal int[] WriteCount = [];
    internal int[] InitialReader = [];

    /// <summary>Row per event: how many events of each thread come before it in program order and reads-from, itself
    /// included.</summary>
    private int[] _prefix = new int[32 * threads];

    private int[] _renumbered = [];

    internal bool IsBefore(in Event earlier, int later) => _prefix[later * Threads + earlier.Thread] > earlier.Index;

    internal int PrefixOf(int e, int thread) => _prefix[e * Threads + thread];

    internal int PlaceOf(int write) => write < 0 ? 0 : Events[write].Place;

    internal int LastOf(int thread) => CountOf[thread] == 0 ? Event.None : EventsOf[thread][CountOf[thread] - 1];

    internal int LastWrite(int location) => Writes[location][WriteCount[location] - 1];

    /// <summary>Makes room for words up to this number; new ones hold their initial write only.</summary>
    internal void Know(int locations)
    {
        int known = Writes.Length;
        if (locations <= known) return;
        Array.Resize(ref Writes, locations);
        Array.Resize(ref WriteCount, locations);
        Array.Resize(ref InitialReader, locations);
        for (int location = known; location < locations; location++)
        {
            Writes[location] = [~location, 0, 0, 0];
            WriteCount[location] = 1;
            InitialReader[location] = Event.None;
        }
    }

    /// <summary>Adds an event at the end of a thread. A read has no source yet, a write no place.</summary>
    internal ref Event Append(int thread, EventKind kind, int location, bool isLocked)
    {
        int id = Count++;
        if (id == Events.Length)
        {
            Array.Resize(ref Events, 2 * id);
            Array.Resize(ref _prefix, 2 * id * Threads);
        }
        int previous = LastOf(thread);
        ref Event e = ref Events[id];
        e = new Event { Kind = kind, Thread = thread, Index = CountOf[thread], Location = location, IsLocked = isLocked,
            Source = Event.None, Reader = Event.None };
        (e.Strong, e.Buffered) = OrderAfter(previous);
        if (e.Index == EventsOf[thread].Length) Array.Resize(ref EventsOf[thread], 2 * e.Index);
        EventsOf[thread][CountOf[thread]++] = id;
        SetPrefix(id, previous, Event.None);
        return ref e;
    }

    internal void SetSource(int read, int write, ulong value)
    {
        ref Event e = ref Events[read];
        e.Source = write;
        e.Value = value;
        ref int head = ref write < 0 ? ref InitialReader[~write] : ref Events[write].Reader;
        e.NextReader = head;
        head = read;
        SetPrefix(read, e.Index == 0 ? Event.None : EventsOf[e.Thread][e.Index - 1], write);
    }

    /// <summary>Takes the source from a read that is the last added of its source's readers.</summary>
    internal void ClearSource(int read)
    {
        ref Event e = ref Events[read];
        if (e.Source == Event.None) return;
        (e.Source < 0 ? ref InitialReader[~e.Source] : ref Events[e.Source].Reader) = e.NextReader;
        e.Source = Event.None;
    }

    /// <summary>Puts a write at a place of its word's coherence order, at least 1; later ones move up.</summary>
    internal void SetPlace(int write, int place)
    {
        int location = Events[write].Location;
        ref int[] order = ref Writes[location];
        int count = WriteCount[location]++;
        if (count == order.Length) Array.Resize(ref order, 2 * count);
        for (int index = count; index > place; index--) Events[order[index] = order[index - 1]].Place = index;
        order[place] = write;
        Events[write].Place = place;
    }

    internal void ClearPlace(int write)
    {
        ref Event e = ref Events[write];
        if (e.Place == 0) return;
        int[] order = Writes[e.Location];
        int count = --WriteCount[e.Location];
        for (int index = e.Place; index < count; index++) Events[order[index] = order[index + 1]].Place = index;
        e.Place = 0;
    }

    /// <summary>Takes away all events but the first <paramref name="count"/>, last first.</summary>
    internal void Cut(int count)
    {
        while (Count > count)
        {
            ref Event e = ref Events[--Count];
            if (e.Kind == EventKind.Read) ClearSource(Count);
            else if (e.Kind == EventKind.Write) ClearPlace(Count);
            CountOf[e.Thread]--;
            Reopen(e.Thread);
        }
    }

    internal void Reopen(int thread)
    {
        States[thread] = ThreadState.Open;
        RunOf[thread] = 0;
    }

    /// <summary>Becomes what is left of <paramref name="whole"/> when <paramref name="read"/> shall read
    /// <paramref name="write"/>: the events up to the read and those the write needs, the write last. The read has no source and
    /// the write no place; returns their numbers.</summary>
    internal (int Read, int Write) CopyFor(ExecutionGraph whole, int read, int write)
    {
        Know(whole.Writes.Length);
        if (_renumbered.Length < whole.Count) _renumbered = new int[whole.Events.Length];
        Count = 0;
        Array.Clear(CountOf);
        Array.Fill(InitialReader, Event.None);
        for (int id = 0; id < whole.Count; id++)
        {
            ref Event e = ref whole.Events[id];
            bool isKept = id <= read || whole.IsBefore(e, write);
            _renumbered[id] = isKept ? Count : Event.None;
            if (!isKept) continue;
            ref Event copy = ref Append(e.Thread, e.Kind, e.Location, e.IsLocked);
            (copy.Purpose, copy.IsAtomicWrite, copy.HasRevisited) = (e.Purpose, e.IsAtomicWrite, e.HasRevisited);
            (copy.Value, copy.Operand, copy.Comparand) = (e.Value, e.Operand, e.Comparand);
            Array.Copy(whole._prefix, id * Threads, _prefix, (Count - 1) * Threads, Threads);
        }
        for (int id = 0; id < whole.Count; id++)
        {
            ref Event e = ref whole.Events[id];
            int copy = _renumbered[id];
            if (copy < 0 || e.Kind != EventKind.Read || id == read) continue;
            int source = e.Source < 0 ? e.Source : _renumbered[e.Source];
            Events[copy].Source = source;
            ref int head = ref source < 0 ? ref InitialReader[~source] : ref Events[source].Reader;
            Events[copy].NextReader = head;
            head = copy;
        }
        for (int location = 0; location < Writes.Length; location++) CopyOrder(whole, location);
        for (int thread = 0; thread < Threads; thread++)
        {
            bool isWhole = CountOf[thread] == whole.CountOf[thread] && thread != whole.Events[read].Thread;
            States[thread] = isWhole ? whole.States[thread] : ThreadState.Open;
            RunOf[thread] = isWhole ? whole.RunOf[thread] : 0;
            WaitsFor[thread] = whole.WaitsFor[thread];
        }
        return (_renumbered[read], _renumbered[write]);
    }

    private void CopyOrder(ExecutionGraph whole, int location)
    {
        if (location >= whole.Writes.Length)
        {
            // Left over from a graph in which another schedule came to a word or lock that this one does not know yet.
            WriteCount[location] = 1;
            return;
        }
        int[] from = whole.Writes[location];
        int count = whole.WriteCount[location];
        if (Writes[location].Length < count) Array.Resize(ref Writes[location], from.Length);
        int[] to = Writes[location];
        int kept = 1;
        for (int index = 1; index < count; index++)
        {
            int copy = _renumbered[from[index]];
            if (copy < 0) continue;
            Events[copy].Place = kept;
            to[kept++] = copy;
        }
        WriteCount[location] = kept;
    }

    private (int Strong, int Buffered) OrderAfter(int previous)
    {
        if (previous == Event.None) return (Event.None, Event.None);
        ref Event e = ref Events[previous];
        if (e.Kind == EventKind.Turn) return (e.Strong, e.Buffered);
        return IsTso && e.IsPlainStore ? (e.Strong, previous) : (previous, e.IsPlainLoad ? e.Buffered : Event.None);
    }

    private void SetPrefix(int id, int previous, int source)
    {
        Span<int> row = _prefix.AsSpan(id * Threads, Threads);
        if (previous == Event.None) row.Clear();
        else _prefix.AsSpan(previous * Threads, Threads).CopyTo(row);
        row[Events[id].Thread] = Events[id].Index + 1;
        if (source < 0) return;
        ReadOnlySpan<int> other = _prefix.AsSpan(source * Threads, Threads);
        for (int thread = 0; thread < row.Length; thread++) row[thread] = Math.Max(row[thread], other[thread]);
    }
}
