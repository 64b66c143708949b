using System.Runtime.CompilerServices;

namespace Lab.Mmu;

/// <summary>What a node handed to <see cref="Rcu.Call"/> is.</summary>
public enum RcuKind
{
    TablePage = 1,
    Root = 2,
}

/// <summary>Frees nodes whose grace period is over. Called on the reclaimer's thread only.</summary>
internal interface IReclaim
{
    void Reclaim(nint node, RcuKind kind);
}

/// <summary>First field of every native node that can be handed to <see cref="Rcu.Call"/>.</summary>
internal struct RcuHead
{
    public nint Next;
    public nint Kind;
}

/// <summary>A read-copy-update domain with real grace periods: a reader publishes the epoch it entered in; a grace period starts
/// a new epoch and waits until no reader of an older one is left.</summary>
/// <remarks>
/// Entering and leaving are plain stores: the fence they need is forced on them from the other side, by membarrier, as liburcu's
/// "memb" flavour does. Sections nest and may block, so the same class serves as SRCU for the memslots.
/// <para>Pairing: the reader's store of its epoch, then loads of protected pointers, against <see cref="Synchronize"/>'s new
/// epoch, membarrier, scan. If a reader's store is not seen by the scan, membarrier orders the reader's later loads after the
/// unlinking that preceded the grace period, so it cannot find the old node.</para>
/// </remarks>
public sealed unsafe class Rcu : IDisposable
{
    private const int SlotBytes = 64;
    private readonly NativeBlock _slots = new((long)(Actor.CountMax + 1) * SlotBytes);
    private readonly ulong* _readers;
    private readonly ulong* _epoch;
    private readonly string _waitName;
    private readonly IReclaim? _reclaim;
    private readonly TimeSpan _gracePeriodMin;
    private readonly AutoResetEvent _wake = new(initialState: false);
    private readonly LentThread? _thread;
    private nint _callbacks;
    private long _queued;
    private long _done;
    private int _asleep;
    private volatile bool _expedite;
    private volatile bool _stop;

    public Rcu(string name) : this(name, null, TimeSpan.Zero) { }

    /// <param name="name">As it appears in what an actor waits for.</param>
    /// <param name="reclaim">Frees the nodes; null for a domain that only synchronizes.</param>
    /// <param name="gracePeriodMin">Shortest time from a callback's hand-over to its run; batches callbacks as a kernel's tick
    /// does.</param>
    internal Rcu(string name, IReclaim? reclaim, TimeSpan gracePeriodMin)
    {
        // SAFETY: one cache line per actor slot, and one more for the epoch, inside the block owned by this domain.
        _readers = (ulong*)_slots.Address;
        _epoch = _readers + Actor.CountMax * (SlotBytes / sizeof(ulong));
        *_epoch = 1;
        Name = name;
        _waitName = $"grace period of {name}";
        _reclaim = reclaim;
        _gracePeriodMin = gracePeriodMin;
        if (reclaim is null) return;
        _thread = LentThread.Start(name, Reclaimer);
    }

    public string Name { get; }

    /// <summary>Grace periods completed.</summary>
    public long GracePeriods { get; private set; }

    /// <summary>Callbacks handed over and not yet run.</summary>
    public long Pending => Interlocked.Read(ref _queued) - Interlocked.Read(ref _done);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Enter()
    {
        ulong* slot = _readers + Actor.Current.Index * (SlotBytes / sizeof(ulong));
        // Nesting depth is the actor's own; the epoch word is what a grace period scans.
        if (slot[1]++ == 0) Volatile.Write(ref slot[0], Volatile.Read(ref *_epoch));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Exit()
    {
        ulong* slot = _readers + Actor.Current.Index * (SlotBytes / sizeof(ulong));
        if (--slot[1] == 0) Volatile.Write(ref slot[0], 0);
    }

    /// <summary>Waits for a grace period. The caller must not be inside a section of this domain.</summary>
    public void Synchronize()
    {
        ulong target = Interlocked.Increment(ref *_epoch);
        Libc.MembarrierPrivateExpedited();
        Actor actor = Actor.Current;
        bool waited = false;
        for (int index = 0; index < Actor.HighWater; index++)
        {
            ulong* slot = _readers + index * (SlotBytes / sizeof(ulong));
            Backoff backoff = default;
            for (ulong epoch; (epoch = Volatile.Read(ref *slot)) != 0 && epoch < target;)
            {
                if (!waited) actor.BeginWait(_waitName, Metal.Now);
                waited = true;
                backoff.Once();
            }
        }
        if (waited) actor.EndWait(Metal.Now);
        // What the readers did in their sections happens before what the caller does next.
        Libc.MembarrierPrivateExpedited();
        GracePeriods++;
    }

    /// <summary>Hands over a node whose first field is an <see cref="RcuHead"/>. Lock-free.</summary>
    internal void Call(nint node, RcuKind kind)
    {
        RcuHead* head = (RcuHead*)node;
        head->Kind = (nint)kind;
        Interlocked.Increment(ref _queued);
        nint old = Volatile.Read(ref _callbacks);
        while (true)
        {
            head->Next = old;
            nint found = Interlocked.CompareExchange(ref _callbacks, node, old);
            if (found == old) break;
            old = found;
        }
        if (Volatile.Read(ref _asleep) != 0) _wake.Set();
    }

    /// <summary>Frees the node at once: there is no other thread to wait for.</summary>
    internal void RunNow(nint node, RcuKind kind) => _reclaim!.Reclaim(node, kind);

    /// <summary>Waits until every callback handed over before the call has run.</summary>
    public void Barrier()
    {
        if (_thread is null) return;
        long target = Interlocked.Read(ref _queued);
        Actor actor = Actor.Current;
        actor.BeginWait($"{_waitName} (barrier)", Metal.Now);
        _expedite = true;
        _wake.Set();
        Backoff backoff = default;
        while (Interlocked.Read(ref _done) < target) backoff.Once();
        _expedite = false;
        actor.EndWait(Metal.Now);
    }

    public void Dispose()
    {
        _stop = true;
        _wake.Set();
        _thread?.Join();
        _wake.Dispose();
        _slots.Dispose();
    }

    private void Reclaimer()
    {
        while (true)
        {
            if (Volatile.Read(ref _callbacks) == 0)
            {
                if (_stop) break;
                // Full fence between the flag and the second look: pairs with the CAS in Call before it reads the flag.
                Interlocked.Exchange(ref _asleep, 1);
                if (Volatile.Read(ref _callbacks) == 0) _wake.WaitOne();
                Volatile.Write(ref _asleep, 0);
                continue;
            }

            if (_gracePeriodMin > TimeSpan.Zero && !_expedite && !_stop) _wake.WaitOne(_gracePeriodMin);
            nint batch = Interlocked.Exchange(ref _callbacks, 0);
            Synchronize();
            RunAll(Reverse(batch));
        }
    }

    private void RunAll(nint node)
    {
        while (node != 0)
        {
            RcuHead head = *(RcuHead*)node;
            _reclaim!.Reclaim(node, (RcuKind)head.Kind);
            Interlocked.Increment(ref _done);
            node = head.Next;
        }
    }

    /// <summary>Oldest first, as they were handed over.</summary>
    private static nint Reverse(nint node)
    {
        nint previous = 0;
        while (node != 0)
        {
            RcuHead* head = (RcuHead*)node;
            nint next = head->Next;
            head->Next = previous;
            previous = node;
            node = next;
        }
        return previous;
    }
}
