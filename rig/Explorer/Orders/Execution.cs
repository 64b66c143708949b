namespace Lab.Explorer.Orders;

/// <summary>A candidate execution: the events of each thread, which write each read reads from (<see cref="Rf"/>), the order of
/// the writes to each word (<see cref="Co"/>), and everything that models derive from that. Writes that words start with are no
/// events: nothing comes before them.</summary>
internal sealed class Execution
{
    private readonly int[] _threadOf;
    private readonly int[] _readPartOf;

    internal Execution(IReadOnlyList<IReadOnlyList<MemoryEvent>> threads)
    {
        Events = [.. threads.SelectMany(events => events)];
        int count = Events.Length;
        _threadOf = [.. threads.SelectMany((events, thread) => Enumerable.Repeat(thread, events.Count))];
        _readPartOf = new int[count];
        (Po, Loc, Int, Rmw) = (new Relation(count), new Relation(count), new Relation(count), new Relation(count));
        (Addr, Data, Ctrl) = (new Relation(count), new Relation(count), new Relation(count));
        (Rf, Co, Fr) = (new Relation(count), new Relation(count), new Relation(count));
        int first = 0;
        foreach (IReadOnlyList<MemoryEvent> events in threads)
        {
            for (int index = 0; index < events.Count; index++) Relate(first, index, events.Count);
            first += events.Count;
        }
        for (int one = 0; one < count; one++)
        {
            if (Events[one].Location < 0) continue;
            for (int other = 0; other < count; other++)
            {
                if (Events[one].Location == Events[other].Location) Loc.Add(one, other);
            }
        }
        PoLoc = Po & Loc;
        R = Where(e => e.IsRead);
        W = Where(e => e.IsWrite);
        M = R | W;
        Acquire = Where(e => e.IsRead
            && e.Order is EventOrder.Acquire or EventOrder.AcquireRelease or EventOrder.Sequential);
        Release = Where(e => e.IsWrite
            && e.Order is EventOrder.Release or EventOrder.AcquireRelease or EventOrder.Sequential);
        Full = Where(e => e.Order == EventOrder.Full);
        Sequential = Where(e => e.Order == EventOrder.Sequential);
        Atomic = Where(e => e.IsAtomic);
        Blind = Where(e => e.IsBlind);
    }

    internal MemoryEvent[] Events { get; }

    /// <summary>Program order.</summary>
    internal Relation Po { get; }

    /// <summary>Same word.</summary>
    internal Relation Loc { get; }

    internal Relation PoLoc { get; }

    /// <summary>Same thread.</summary>
    internal Relation Int { get; }

    /// <summary>Read part to write part of a read-modify-write that wrote.</summary>
    internal Relation Rmw { get; }

    internal Relation Addr { get; }
    internal Relation Data { get; }
    internal Relation Ctrl { get; }

    /// <summary>Reads-from, coherence, from-reads.</summary>
    internal Relation Rf { get; private set; }

    internal Relation Co { get; private set; }
    internal Relation Fr { get; private set; }

    internal EventSet R { get; }
    internal EventSet W { get; }

    /// <summary>Reads and writes.</summary>
    internal EventSet M { get; }

    internal EventSet Acquire { get; }
    internal EventSet Release { get; }

    /// <summary>Both parts of full read-modify-writes.</summary>
    internal EventSet Full { get; }

    /// <summary>Accesses of C11 that are sequentially consistent.</summary>
    internal EventSet Sequential { get; }

    /// <summary>Parts of locked instructions.</summary>
    internal EventSet Atomic { get; }

    internal EventSet Blind { get; }

    internal Relation Rfe => Ext(Rf);
    internal Relation Rfi => Rf & Int;
    internal Relation Coe => Ext(Co);
    internal Relation Fre => Ext(Fr);

    /// <summary>Number of the write that each event reads: −1 for the initial one, and for what is no read.</summary>
    internal int[] Sources { get; private set; } = [];

    internal int ThreadOf(int e) => _threadOf[e];

    /// <summary>Number of the read part of the read-modify-write that this is the write part of, or −1.</summary>
    internal int ReadPartOf(int e) => _readPartOf[e];

    /// <summary>Between threads.</summary>
    internal Relation Ext(Relation r) => r - Int;

    internal EventSet Where(Func<MemoryEvent, bool> belongs)
    {
        EventSet set = new(Events.Length);
        for (int e = 0; e < Events.Length; e++) if (belongs(Events[e])) set.Add(e);
        return set;
    }

    internal EventSet Fences(FenceKind kind) => Where(e => e.Fence == kind);

    internal EventSet Fences(FenceKind kind, FenceKind other) => Where(e => e.Fence == kind || e.Fence == other);

    internal EventSet Locks(LockPart part) => Where(e => e.Lock == part);

    /// <summary>From before a fence to behind it: cat's <c>fencerel</c>.</summary>
    internal Relation Across(EventSet fences) => Po >> fences >> Po;

    /// <summary>Outermost read-side sections, from their begin to their end.</summary>
    internal Relation Sections()
    {
        Relation sections = new(Events.Length);
        int begin = -1;
        int depth = 0;
        for (int e = 0; e < Events.Length; e++)
        {
            if (e > 0 && _threadOf[e] != _threadOf[e - 1]) depth = 0;
            if (Events[e].Fence == FenceKind.EnterRcu && depth++ == 0) begin = e;
            if (Events[e].Fence == FenceKind.ExitRcu && depth > 0 && --depth == 0) sections.Add(begin, e);
        }
        return sections;
    }

    /// <summary>Makes it the execution in which each read reads that source, and the writes to each word are in that
    /// order.</summary>
    /// <param name="sources">Per event; −1 for the initial write, ignored for what is no read.</param>
    /// <param name="orders">Per word, its writes, the initial one left out.</param>
    internal void Choose(int[] sources, IReadOnlyList<int[]> orders)
    {
        int count = Events.Length;
        Sources = sources;
        (Rf, Co, Fr) = (new Relation(count), new Relation(count), new Relation(count));
        foreach (int[] order in orders)
        {
            for (int first = 0; first < order.Length; first++)
            {
                for (int later = first + 1; later < order.Length; later++) Co.Add(order[first], order[later]);
            }
        }
        for (int read = 0; read < count; read++)
        {
            if (!Events[read].IsRead) continue;
            if (sources[read] >= 0) Rf.Add(sources[read], read);
            foreach (int write in orders[Events[read].Location])
            {
                if (sources[read] < 0 || Co[sources[read], write]) Fr.Add(read, write);
            }
        }
    }

    private void Relate(int first, int index, int count)
    {
        MemoryEvent e = Events[first + index];
        _readPartOf[first + index] = e.ReadPart < 0 ? -1 : first + e.ReadPart;
        if (e.ReadPart >= 0) Rmw.Add(first + e.ReadPart, first + index);
        for (int other = 0; other < count; other++)
        {
            Int.Add(first + index, first + other);
            if (other >= index) continue;
            Po.Add(first + other, first + index);
            ulong bit = 1UL << other;
            if ((e.Address & bit) != 0) Addr.Add(first + other, first + index);
            if ((e.Data & bit) != 0) Data.Add(first + other, first + index);
            if ((e.Control & bit) != 0) Ctrl.Add(first + other, first + index);
        }
    }
}
