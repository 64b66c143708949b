namespace Lab.Explorer.Orders;

/// <summary>A value and the reads of the own thread that it comes from, a bit per event.</summary>
internal readonly record struct Tracked(long Value, ulong From)
{
    public static implicit operator Tracked(long value) => new(value, 0);
}

/// <summary>Thrown through a thread's code when the values it was given lead nowhere: it would wait forever.</summary>
internal sealed class TraceBlockedException : Exception
{
    internal static readonly TraceBlockedException Instance = new();

    private TraceBlockedException() : base("The thread waits.") { }
}

/// <summary>Thrown through a thread's code that makes more events than are kept.</summary>
internal sealed class TraceTooLongException()
    : NotSupportedException($"A thread has more than {TraceWriter.EventsMax} events; candidate executions are for less.");

/// <summary>Thrown through a thread's code that asks otherwise though it was told the same.</summary>
internal sealed class TraceDiffersException() : Exception("The thread does not do the same where it reads the same.");

/// <summary>Writes down what one thread does if its reads return given values. Which values is tried out from outside, one run
/// after the other: a run is fed the choices of the last one up to a point, and another choice there.</summary>
/// <param name="valuesOf">The values that anybody may store in a word, as far as is known.</param>
/// <param name="changes">Orders to be other than the program says.</param>
/// <param name="hasFencesAroundModifications">Full read-modify-writes have fences as events of their own.</param>
internal sealed class TraceWriter(
    Func<int, IReadOnlyList<long>> valuesOf, OrderChanges changes, bool hasFencesAroundModifications)
{
    /// <summary>Events of one thread; what depends on what is kept as a bit per event.</summary>
    internal const int EventsMax = 64;

    private readonly List<int> _choices = [];
    private readonly List<(int Location, int Count)> _choicesOf = [];
    private List<MemoryEvent> _events = [];
    private ulong _control;
    private int _next;

    internal IReadOnlyList<MemoryEvent> Events => _events;

    /// <summary>What the thread may still see of others, if it can go on reading for ever.</summary>
    internal Sightings? Sightings { get; init; }

    /// <summary>What the reads of the run return, in order, instead of choices.</summary>
    internal IReadOnlyList<long>? Fed { get; init; }

    /// <summary>Reads that decide whether what comes next happens at all.</summary>
    internal ulong Control
    {
        get => _control;
        set => _control = value;
    }

    /// <summary>Starts the next run. False if every choice has been tried.</summary>
    internal bool Begin(bool isFirst)
    {
        while (!isFirst && _choices.Count > 0 && _choices[^1] + 1 == _choicesOf[^1].Count)
        {
            _choices.RemoveAt(_choices.Count - 1);
            _choicesOf.RemoveAt(_choicesOf.Count - 1);
        }
        if (!isFirst)
        {
            if (_choices.Count == 0) return false;
            _choices[^1]++;
        }
        Again();
        return true;
    }

    /// <summary>Starts the same run once more.</summary>
    internal void Again()
    {
        (_events, _control, _next) = ([], 0, 0);
        Sightings?.Begin();
    }

    internal Tracked Load(Tracked location, EventOrder order, int site, LockPart part = LockPart.None)
    {
        FenceBefore(site);
        return Read(location, changes.OrderOf(site, order), site, isAtomic: false, isBlind: false, part, _ => true);
    }

    internal void Store(Tracked location, Tracked value, EventOrder order, int site, LockPart part = LockPart.None)
    {
        FenceBefore(site);
        Add(new MemoryEvent { Kind = MemoryEventKind.Write, Location = (int)location.Value, Value = value.Value,
            Order = changes.OrderOf(site, order), Lock = part, Address = location.From, Data = value.From, Control = _control,
            Site = site });
    }

    /// <summary>A read-modify-write. If it writes nothing, it is a read, in the kernel a relaxed one.</summary>
    /// <param name="location">The word.</param>
    /// <param name="order">Of the whole, if it writes.</param>
    /// <param name="change">What becomes of the value read: null to leave it.</param>
    /// <param name="site">Place in the program.</param>
    /// <param name="isBlind">Nobody gets the old value.</param>
    /// <param name="part">Taking a lock, or none.</param>
    /// <param name="waits">A value that is left blocks the thread.</param>
    /// <param name="failed">Of the read that it is if it writes nothing.</param>
    internal Tracked Modify(Tracked location, EventOrder order, Func<Tracked, Tracked?> change, int site, bool isBlind = false,
        LockPart part = LockPart.None, bool waits = false, EventOrder failed = EventOrder.Relaxed)
    {
        FenceBefore(site);
        order = changes.OrderOf(site, order);
        // Whether there is a fence in front is known only when the value is: the choice is made first, the events after it.
        long old = Choose((int)location.Value, value => !waits || change(value) != null);
        bool writes = change(old) != null;
        bool isFenced = hasFencesAroundModifications && order == EventOrder.Full && writes;
        if (isFenced) Fence(FenceKind.OfModification, -1);
        int read = _events.Count;
        Add(new MemoryEvent { Kind = MemoryEventKind.Read, Location = (int)location.Value, Value = old,
            Order = !writes ? failed : order != EventOrder.Release ? order : EventOrder.Relaxed,
            Lock = writes || part == LockPart.None ? part : LockPart.Look,
            IsAtomic = true, IsBlind = isBlind, Address = location.From, Control = _control, Site = site });
        Tracked found = new(old, 1UL << read);
        if (change(found) is { } written)
        {
            Add(new MemoryEvent { Kind = MemoryEventKind.Write, Location = (int)location.Value, Value = written.Value,
                Order = order != EventOrder.Acquire ? order : EventOrder.Relaxed, Lock = part, IsAtomic = true,
                IsBlind = isBlind, ReadPart = read, Address = location.From, Data = written.From, Control = _control,
                Site = site });
        }
        if (isFenced) Fence(FenceKind.OfModification, -1);
        return found;
    }

    internal void Fence(FenceKind kind, int site)
    {
        if (changes.IsDropped(site)) return;
        Add(new MemoryEvent { Kind = MemoryEventKind.Fence, Fence = kind, Site = site });
    }

    private Tracked Read(Tracked location, EventOrder order, int site, bool isAtomic, bool isBlind, LockPart part,
        Func<long, bool> isPossible)
    {
        long value = Choose((int)location.Value, isPossible);
        Add(new MemoryEvent { Kind = MemoryEventKind.Read, Location = (int)location.Value, Value = value, Order = order,
            IsAtomic = isAtomic, IsBlind = isBlind, Lock = part, Address = location.From, Control = _control, Site = site });
        return new Tracked(value, 1UL << (_events.Count - 1));
    }

    /// <summary>The value that a read of the word returns this time.</summary>
    private long Choose(int location, Func<long, bool> isPossible)
    {
        if (Fed is { } fed) return _next < fed.Count ? fed[_next++] : throw new TraceDiffersException();
        if (_events.Count >= EventsMax) throw new TraceTooLongException();
        IReadOnlyList<long> all = valuesOf(location);
        if (_next == _choices.Count)
        {
            _choices.Add(0);
            _choicesOf.Add((location, all.Count));
        }
        if (_choicesOf[_next] != (location, all.Count)) throw new TraceDiffersException();
        long value = all[_choices[_next++]];
        return isPossible(value) && Sightings?.MaySee(location, value) != false ? value : throw TraceBlockedException.Instance;
    }

    private void FenceBefore(int site)
    {
        if (changes.FenceBefore(site) is { } kind) Add(new MemoryEvent { Kind = MemoryEventKind.Fence, Fence = kind });
    }

    private void Add(MemoryEvent e)
    {
        if (_events.Count == EventsMax) throw new TraceTooLongException();
        if (e.IsWrite) Sightings?.Write(e.Location, e.Value);
        _events.Add(e);
    }
}
