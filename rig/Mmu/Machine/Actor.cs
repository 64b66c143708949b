using System.Runtime.CompilerServices;

namespace Lab.Mmu;

/// <summary>Who takes part: a vCPU, the updater, a worker. Carries what must be found without a lock: its slot in the RCU
/// domains, its event ring, its counters, and what it waits for. Code on a machine finds its own by
/// <see cref="IMachine.Actor"/>.</summary>
/// <remarks>A thread becomes an actor on first use of <see cref="Current"/> or by <see cref="Enter"/>, which names it; a machine
/// that runs several on one thread makes them by <see cref="New"/>. At most <see cref="CountMax"/> at a time. Everything but
/// <see cref="WaitingFor"/> is written by the actor only.</remarks>
public sealed class Actor
{
    /// <summary>Largest number of actors alive at one time; each owns one reader slot in every RCU domain.</summary>
    public const int CountMax = 512;

    private static readonly Lock Registry = new();
    private static readonly Actor?[] Slots = new Actor?[CountMax];
    private static readonly Stack<EventRing> SpareRings = new();
    private static int HighWaterMark;

    [ThreadStatic]
    private static Actor? OfThread;

    private volatile string? _waitingFor;
    private long _waitingSince;
    private long _waitsBegun;
    private long _movedOn;
    private int _waits;

    private Actor(string name, int index, EventRing events)
    {
        Name = name;
        Index = index;
        Events = events;
    }

    public string Name { get; private set; }

    /// <summary>Slot number, below <see cref="CountMax"/>; reused after the actor left.</summary>
    public int Index { get; }

    public EventRing Events { get; }

    public ActorCounters Counters { get; } = new();

    /// <summary>What the actor is blocked on, in words, or null if it runs.</summary>
    public string? WaitingFor => _waitingFor;

    /// <summary>When the present wait began, in nanoseconds of CLOCK_MONOTONIC.</summary>
    public long WaitingSince => Volatile.Read(ref _waitingSince);

    /// <summary>Whatever it has done that others can see from outside: events, waits that began, and what it says of long work
    /// that leaves neither. Moves as long as it gets on, in a step that takes long too.</summary>
    public long Doings => (long)Events.Written + Volatile.Read(ref _waitsBegun) + Moves;

    /// <summary>How often it said so of long work: bounded work, which is as good as steps.</summary>
    public long Moves => Volatile.Read(ref _movedOn);

    /// <summary>One more than the highest slot in use so far; RCU scans that many.</summary>
    internal static int HighWater => Volatile.Read(ref HighWaterMark);

    public static Actor Current
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => OfThread ?? EnterUnnamed();
    }

    /// <summary>Makes the calling thread an actor of that name, or renames it.</summary>
    /// <exception cref="InvalidOperationException">All slots are taken.</exception>
    public static Actor Enter(string name)
    {
        if (OfThread is { } already)
        {
            already.Name = name;
            return already;
        }
        return OfThread = New(name);
    }

    /// <summary>Makes an actor that is no thread. <see cref="Retire"/> gives its slot back.</summary>
    /// <exception cref="InvalidOperationException">All slots are taken.</exception>
    public static Actor New(string name)
    {
        lock (Registry)
        {
            int index = Array.IndexOf(Slots, null);
            if (index < 0) throw new InvalidOperationException(
                $"More than {CountMax} threads use the MMU at once; use fewer vCPUs or workers.");
            EventRing ring = SpareRings.TryPop(out EventRing? spare) ? spare : new EventRing();
            ring.Clear();
            Actor actor = new(name, index, ring);
            Slots[index] = actor;
            // Release: a scanner that sees the new high-water mark sees the slot. An actor registers before it enters any
            // read-side section, so a scanner that misses it misses nothing.
            if (index >= HighWaterMark) Volatile.Write(ref HighWaterMark, index + 1);
            Interlocked.MemoryBarrier();
            return actor;
        }
    }

    /// <summary>Gives the slot of the calling thread's actor back. Its events can no longer be read.</summary>
    public static void Leave()
    {
        if (OfThread is not { } actor) return;
        OfThread = null;
        actor.Retire();
    }

    /// <summary>Of each actor that gives its slot back, on the thread that does, while its events can be read.</summary>
    public static event Action<Actor>? Retiring;

    /// <summary>Gives the slot back. The events can no longer be read.</summary>
    public void Retire()
    {
        Retiring?.Invoke(this);
        lock (Registry)
        {
            Slots[Index] = null;
            SpareRings.Push(Events);
        }
    }

    // Apart, so that finding the actor is inlined where events are recorded.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Actor EnterUnnamed() => Enter($"thread {Environment.CurrentManagedThreadId}");

    /// <summary>The actors there are now.</summary>
    public static IReadOnlyList<Actor> All()
    {
        lock (Registry) return [.. Slots.OfType<Actor>()];
    }

    /// <summary>Said now and then amid work that takes long and leaves no event, such as writing to every page of a slot: who
    /// watches sees that it gets on. By the actor only.</summary>
    public void MoveOn() => Volatile.Write(ref _movedOn, _movedOn + 1);

    /// <summary>Begins a wait. Waits nest — mmu_lock queues on a spin lock — and the outermost is the one that is told.</summary>
    internal void BeginWait(string what, long now)
    {
        if (_waits++ != 0) return;
        Volatile.Write(ref _waitsBegun, _waitsBegun + 1);
        Volatile.Write(ref _waitingSince, now);
        _waitingFor = what;
    }

    /// <summary>Ends the wait and returns nanoseconds since the outermost began.</summary>
    internal long EndWait(long now)
    {
        if (--_waits == 0) _waitingFor = null;
        return now - _waitingSince;
    }
}
