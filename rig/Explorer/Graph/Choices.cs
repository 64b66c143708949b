using Lab.Explorer.Seam;

namespace Lab.Explorer.Graph;

internal enum AlternativeKind : byte
{
    /// <summary>The read reads another write.</summary>
    Source,

    /// <summary>The read of a read-modify-write reads a write that another one has read: only good for its write to change what
    /// that one reads.</summary>
    ContestedSource,

    /// <summary>The write has another place in coherence order.</summary>
    Place,

    /// <summary>The write is read by an older read; what depends on that read's value is deleted.</summary>
    Revisit,
}

/// <summary>A choice not made yet: valid for the graph cut to <paramref name="Event"/>, its last event.</summary>
internal readonly record struct Alternative(AlternativeKind Kind, int Event, int Choice);

/// <summary>Adds events to a graph, makes the latest of the consistent choices for each and keeps the others for later, the last
/// kept to be taken first.</summary>
internal sealed class Choices(Locations locations)
{
    private readonly Consistency _consistency = new();
    private Alternative[] _pending = new Alternative[64];

    internal int Count { get; private set; }

    internal Alternative Take() => _pending[--Count];

    internal ulong ValueOf(ExecutionGraph graph, int write) =>
        write < 0 ? locations.InitialOf(~write) : graph.Events[write].Value;

    /// <summary>Adds a read and returns its number. It reads the latest write that lets its thread go on, or else the
    /// latest.</summary>
    internal int AddRead(ExecutionGraph graph, int thread, int location, ReadPurpose purpose, ulong operand, ulong comparand)
    {
        graph.Know(locations.Count);
        int read = graph.Count;
        ref Event e = ref graph.Append(thread, EventKind.Read, location, purpose != ReadPurpose.Load);
        (e.Purpose, e.Operand, e.Comparand) = (purpose, operand, comparand);
        int[] order = graph.Writes[location];
        int latest = graph.WriteCount[location] - 1;
        int chosen = Event.None;
        for (int place = _consistency.LowestPlace(graph, read); place <= latest; place++)
        {
            int write = order[place];
            ulong value = ValueOf(graph, write);
            // A thread that waits for a word is woken by a later write only if what it read was the latest: no other wait needs
            // to be looked at.
            if (place < latest && Purposes.Blocks(purpose, value)) continue;
            bool isContested = place < latest && graph.Events[order[place + 1]].IsAtomicWrite
                && Purposes.Writes(purpose, operand, comparand, value, out _);
            if (isContested)
            {
                Keep(AlternativeKind.ContestedSource, read, write);
            }
            else if (chosen == Event.None)
            {
                chosen = write;
            }
            else if (Purposes.Blocks(purpose, value))
            {
                Keep(AlternativeKind.Source, read, write);
            }
            else
            {
                Keep(AlternativeKind.Source, read, chosen);
                chosen = write;
            }
        }
        graph.SetSource(read, chosen, ValueOf(graph, chosen));
        return read;
    }

    /// <summary>Adds a write. Atomic ones come directly after what the event before them reads.</summary>
    internal void AddWrite(ExecutionGraph graph, int thread, int location, ulong value, bool isLocked, bool isAtomic)
    {
        graph.Know(locations.Count);
        int write = AppendWrite(graph, thread, location, value, isLocked, isAtomic);
        SetFirstPlace(graph, write, isAtomic ? PlaceOfReadPart(graph, write) : _consistency.LowestPlace(graph, write));
    }

    /// <summary>Adds the write that follows a contested read: it has no place, only reads that it may change.</summary>
    internal void AddContestedWrite(ExecutionGraph graph, int read)
    {
        Event e = graph.Events[read];
        _ = Purposes.Writes(e.Purpose, e.Operand, e.Comparand, e.Value, out ulong written);
        AppendWrite(graph, e.Thread, e.Location, written, isLocked: true, isAtomic: true);
    }

    /// <summary>Makes the read in a copy made for it read the write there. False if no place of the write is consistent with
    /// that.</summary>
    internal bool Revisit(ExecutionGraph copy, int read, int write)
    {
        int lowest = _consistency.LowestPlace(copy, read, write);
        ref Event w = ref copy.Events[write];
        if (w.IsAtomicWrite)
        {
            int place = PlaceOfReadPart(copy, write);
            if (place < lowest || !IsFree(copy, w.Location, place + 1)) return false;
            lowest = place;
        }
        SetFirstPlace(copy, write, lowest);
        w.HasRevisited = true;
        copy.SetSource(read, write, w.Value);
        return true;
    }

    /// <summary>Whether a write can come to this place of the word's order without parting a read-modify-write from what it
    /// reads.</summary>
    private static bool IsFree(ExecutionGraph graph, int location, int place) =>
        place == graph.WriteCount[location] || !graph.Events[graph.Writes[location][place]].IsAtomicWrite;

    private int AppendWrite(ExecutionGraph graph, int thread, int location, ulong value, bool isLocked, bool isAtomic)
    {
        int write = graph.Count;
        ref Event e = ref graph.Append(thread, EventKind.Write, location, isLocked);
        (e.Value, e.IsAtomicWrite) = (value, isAtomic);
        for (int other = 0; other < graph.Threads; other++)
        {
            int[] events = graph.EventsOf[other];
            for (int index = graph.PrefixOf(write, other); index < graph.CountOf[other]; index++)
            {
                ref Event r = ref graph.Events[events[index]];
                if (r.Kind == EventKind.Read && r.Location == location && Revisits.IsDue(graph, events[index], write))
                {
                    Keep(AlternativeKind.Revisit, write, events[index]);
                }
            }
        }
        return write;
    }

    private static int PlaceOfReadPart(ExecutionGraph graph, int write)
    {
        ref Event w = ref graph.Events[write];
        return graph.PlaceOf(graph.Events[graph.EventsOf[w.Thread][w.Index - 1]].Source);
    }

    private void SetFirstPlace(ExecutionGraph graph, int write, int lowest)
    {
        ref Event w = ref graph.Events[write];
        if (w.IsAtomicWrite)
        {
            graph.SetPlace(write, lowest + 1);
            return;
        }
        int highest = graph.WriteCount[w.Location];
        for (int place = lowest + 1; place < highest; place++)
        {
            if (IsFree(graph, w.Location, place)) Keep(AlternativeKind.Place, write, place);
        }
        graph.SetPlace(write, highest);
    }

    private void Keep(AlternativeKind kind, int e, int choice)
    {
        if (Count == _pending.Length) Array.Resize(ref _pending, 2 * Count);
        _pending[Count++] = new Alternative(kind, e, choice);
    }
}
