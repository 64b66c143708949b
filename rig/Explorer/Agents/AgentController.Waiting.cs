using Lab.Mmu;

namespace Lab.Explorer;

/// <summary>Locks, read-side sections, grace periods and work queues.</summary>
internal sealed unsafe partial class AgentController
{
    private const int LocksMax = 32;

    // Numbers of what is not a word lie far above those of words; their remainders by 64 differ from each other.
    private const int LockTarget = 1 << 20;
    private const int WaitersTarget = LockTarget + LocksMax;
    private const int DomainTarget = LockTarget + 64 + 40;
    private const int QueueTarget = LockTarget + 64 + 50;
    // Beside the locks in an agent's masks: the read-side sections it is in.
    private const ulong FirstDomainBit = 1UL << LocksMax;
    private const ulong AllDomains = ((1UL << DomainsMax) - 1) << LocksMax;
    private readonly Dictionary<string, int> _lockNumbers = [];
    private readonly LockState[] _locks = NewLocks();
    private readonly Dictionary<object, LockState> _lockOf = [];
    private readonly List<string> _domainNames = [];
    private readonly List<Callback> _callbacks = [];
    private readonly List<QueueState> _queues = [];

    /// <summary>Frees what a grace period has passed for.</summary>
    public IReclaim? Reclaimer { get; set; }

    public override void EnterExclusive(object theLock)
    {
        if (_direct) return;
        Agent me = Enter();
        LockState state = StateOf(theLock);
        AwaitDrained(me, new Operation(OperationKind.EnterExclusive, LockTarget + state.Number));
        me.IsFused = false;
        Point(me, new Operation(OperationKind.EnterExclusive, LockTarget + state.Number), Wait.Exclusive);
        if (!state.IsFree)
        {
            // That the lock was not free depends on everybody who took or left it.
            _footprint.Write(LockTarget + state.Number);
            Arrive(me, state);
            Point(me, new Operation(OperationKind.EnterExclusive, LockTarget + state.Number), Wait.Exclusive);
        }
        Leave(me, state);
        state.Owner = me.Index;
        me.ExclusiveLocks |= 1UL << state.Number;
        _footprint.Write(LockTarget + state.Number);
        See(me, LockTarget + state.Number, state.Carries(OrdersAllLocks) ? state.ExclusiveHash + state.SharedHash : 0, OperationKind.EnterExclusive);
        me.IsFused = true;
        Watch?.OnLockTaken(me, theLock, exclusive: true);
        Teller?.Tell(me, OperationKind.EnterExclusive, theLock);
    }

    public override void ExitExclusive(object theLock)
    {
        if (_direct) return;
        Agent me = Enter();
        LockState state = StateOf(theLock);
        AwaitDrained(me, new Operation(OperationKind.ExitExclusive, LockTarget + state.Number));
        state.Owner = -1;
        me.ExclusiveLocks &= ~(1UL << state.Number);
        // slots_lock protects the memslot arrays: they follow from who updated them in which order, not from what an updater saw on the way.
        state.ExclusiveHash = theLock is SleepingLock && !OrdersAllLocks ? Mix(state.ExclusiveHash, (ulong)me.Index + 1, 7) : me.History;
        state.SharedHash = 0;
        if (GluesFastZap && theLock is MmuLock && Watch is { } watch && watch.IsInFastZap(me)) state.DowngradedBy = me.Index;
        _footprint.Write(LockTarget + state.Number);
        Released(me, state, theLock);
        Teller?.Tell(me, OperationKind.ExitExclusive, theLock);
    }

    public override void EnterShared(object theLock)
    {
        if (_direct) return;
        Agent me = Enter();
        LockState state = StateOf(theLock);
        AwaitDrained(me, new Operation(OperationKind.EnterShared, LockTarget + state.Number));
        me.IsFused = false;
        // A downgrade: the lock was never free in between.
        bool downgrades = GluesFastZap && state.DowngradedBy == me.Index;
        state.DowngradedBy = -1;
        if (!downgrades)
        {
            Point(me, new Operation(OperationKind.EnterShared, LockTarget + state.Number), Wait.Shared);
            if (state.Owner >= 0)
            {
                _footprint.Read(LockTarget + state.Number);
                Arrive(me, state);
                Point(me, new Operation(OperationKind.EnterShared, LockTarget + state.Number), Wait.Shared);
            }
        }
        Leave(me, state);
        state.Holders |= 1u << me.Index;
        me.SharedLocks |= 1UL << state.Number;
        _footprint.Read(LockTarget + state.Number);
        See(me, LockTarget + state.Number, state.Carries(OrdersAllLocks) ? state.ExclusiveHash : 0, OperationKind.EnterShared);
        me.IsFused = true;
        Watch?.OnLockTaken(me, theLock, exclusive: false);
        Teller?.Tell(me, OperationKind.EnterShared, theLock);
    }

    public override void ExitShared(object theLock)
    {
        if (_direct) return;
        Agent me = Enter();
        LockState state = StateOf(theLock);
        AwaitDrained(me, new Operation(OperationKind.ExitShared, LockTarget + state.Number));
        state.Holders &= ~(1u << me.Index);
        me.SharedLocks &= ~(1UL << state.Number);
        if (state.Carries(OrdersAllLocks)) state.SharedHash += me.History;
        _footprint.Read(LockTarget + state.Number);
        Released(me, state, theLock);
        Teller?.Tell(me, OperationKind.ExitShared, theLock);
    }

    public override bool IsContended(object theLock)
    {
        if (_direct) return false;
        Agent me = Enter();
        LockState state = StateOf(theLock);
        me.IsFused = false;
        Point(me, new Operation(OperationKind.IsContended, WaitersTarget + state.Number));
        bool contended = state.Waiters != 0;
        _footprint.Read(WaitersTarget + state.Number);
        See(me, WaitersTarget + state.Number, contended ? 1u : 0u, OperationKind.IsContended);
        return contended;
    }

    public override void EnterRcu(Rcu rcu)
    {
        if (_direct) return;
        Agent me = Enter();
        int domain = DomainOf(rcu);
        me.RcuDepth[domain]++;
        me.SharedLocks |= FirstDomainBit << domain;
        _footprint.Read(DomainTarget + domain);
        See(me, DomainTarget + domain, 0, OperationKind.EnterRcu);
    }

    public override void ExitRcu(Rcu rcu)
    {
        if (_direct) return;
        Agent me = Enter();
        int domain = DomainOf(rcu);
        me.IsFused = false;
        _footprint.Read(DomainTarget + domain);
        See(me, DomainTarget + domain, 0, OperationKind.ExitRcu);
        if (--me.RcuDepth[domain] != 0) return;
        me.SharedLocks &= ~(FirstDomainBit << domain);
        uint bit = 1u << me.Index;
        for (int index = 0; index < _count; index++)
            if (_agents[index].Waits == Wait.Readers && _agents[index].Pending.Target == DomainTarget + domain) _agents[index].Readers &= ~bit;
        for (int at = 0; at < _callbacks.Count;)
        {
            Callback callback = _callbacks[at];
            if (callback.Domain == domain) callback.Readers &= ~bit;
            _callbacks[at] = callback;
            if (callback.Readers != 0)
            {
                at++;
                continue;
            }
            _callbacks.RemoveAt(at);
            RunCallback(me, callback);
        }
    }

    public override void Synchronize(Rcu rcu)
    {
        if (_direct) return;
        Agent me = Enter();
        int domain = DomainOf(rcu);
        me.IsFused = false;
        Operation wait = new(OperationKind.Synchronize, DomainTarget + domain);
        AwaitDrained(me, wait);
        Point(me, wait);
        DrainEverybody();
        _footprint.Write(DomainTarget + domain);
        me.Readers = ReadersOf(domain, me);
        if (me.Readers != 0) Point(me, wait, Wait.Readers);
        See(me, DomainTarget + domain, 0, OperationKind.Synchronize);
        Teller?.Tell(me, OperationKind.Synchronize, rcu);
    }

    public override void CallRcu(Rcu rcu, nint node, RcuKind kind)
    {
        if (_direct)
        {
            Reclaimer!.Reclaim(node, kind);
            return;
        }
        Agent me = Enter();
        int domain = DomainOf(rcu);
        AwaitDrained(me, new Operation(OperationKind.CallRcu, DomainTarget + domain));
        _footprint.Write(DomainTarget + domain);
        See(me, DomainTarget + domain, (ulong)node, OperationKind.CallRcu);
        Callback callback = new(domain, node, kind, ReadersOf(domain, null));
        if (callback.Readers == 0) RunCallback(me, callback);
        else _callbacks.Add(callback);
    }

    public override void Barrier(Rcu rcu)
    {
        if (_direct) return;
        Agent me = Enter();
        me.IsFused = false;
        Point(me, new Operation(OperationKind.Barrier, DomainTarget + DomainOf(rcu)), Wait.Callbacks);
        See(me, DomainTarget + DomainOf(rcu), 0, OperationKind.Barrier);
    }

    public override bool Queue(WorkQueue queue, TdpRoot root)
    {
        QueueState state = QueueOf(queue);
        if (_direct)
        {
            state.Items.Add(new Item(root, ++state.Last, -1));
            return true;
        }
        Agent me = Enter();
        AwaitDrained(me, new Operation(OperationKind.Queue, QueueTarget + state.Number));
        me.IsFused = false;
        Point(me, new Operation(OperationKind.Queue, QueueTarget + state.Number));
        _footprint.Write(QueueTarget + state.Number);
        bool queued = !state.Items.Exists(item => item.Root == root);
        if (queued) state.Items.Add(new Item(root, ++state.Last, me.Index));
        See(me, QueueTarget + state.Number, queued ? 1u : 0u, OperationKind.Queue);
        Watch?.OnQueued(me, root, queued);
        Teller?.Tell(me, queued, root, queue);
        return queued;
    }

    public override void Flush(WorkQueue queue)
    {
        QueueState state = QueueOf(queue);
        if (_direct)
        {
            while (state.Items.Count != 0)
            {
                TdpRoot root = state.Items[0].Root;
                state.Items.RemoveAt(0);
                queue.Execute(root);
            }
            return;
        }
        Agent me = Enter();
        me.IsFused = false;
        Operation wait = new(OperationKind.Flush, QueueTarget + state.Number);
        AwaitDrained(me, wait);
        Point(me, wait);
        _footprint.Read(QueueTarget + state.Number);
        me.FlushUpTo = state.Last;
        Watch?.OnFlush(me, state.Items, state.Running);
        if (!state.IsDone(me.FlushUpTo)) Point(me, wait, Wait.Flush);
        _footprint.Read(QueueTarget + state.Number);
        See(me, QueueTarget + state.Number, 0, OperationKind.Flush);
        Teller?.Tell(me, OperationKind.Flush, queue);
    }

    /// <summary>Body of the agent that is a queue's worker.</summary>
    public void Work(WorkQueue queue)
    {
        QueueState state = QueueOf(queue);
        while (true)
        {
            Agent me = Enter();
            me.IsFused = false;
            Operation take = new(OperationKind.Work, QueueTarget + state.Number);
            Point(me, take, Wait.Item);
            _footprint.Write(QueueTarget + state.Number);
            Item item = state.Items[0];
            state.Items.RemoveAt(0);
            state.Running = item;
            See(me, QueueTarget + state.Number, item.Root.AsWord, OperationKind.Work);
            Watch?.OnTaken(me, item.Root);
            Teller?.Tell(me, OperationKind.Work, item.Root);
            queue.Execute(item.Root);
            me = Enter();
            // Nobody can see the end of the work but who flushes: it can be moved up to the last step of it.
            _footprint.Write(QueueTarget + state.Number);
            state.Running = default;
            Collapse(me, 0);
        }
    }

    /// <summary>The agent stops here until all that are not workers have ended.</summary>
    public void AwaitOthers()
    {
        Agent me = Enter();
        Point(me, new Operation(OperationKind.Everything, 0), Wait.Others);
        _footprint.Everything();
        See(me, 0, 0, OperationKind.Everything);
    }

    private void Arrive(Agent me, LockState state)
    {
        state.Waiters |= 1u << me.Index;
        _footprint.Write(WaitersTarget + state.Number);
        me.History = Mix(me.History, 0xa1, (ulong)state.Number);
    }

    private void Leave(Agent me, LockState state)
    {
        if ((state.Waiters & (1u << me.Index)) == 0) return;
        state.Waiters &= ~(1u << me.Index);
        _footprint.Write(WaitersTarget + state.Number);
    }

    /// <summary>
    /// Who finds the lock taken may arrive, which is a step, if the lock tells others that somebody waits for it; then it waits.
    /// </summary>
    private bool CanTake(Agent agent)
    {
        LockState state = _locks[agent.Pending.Target - LockTarget];
        bool isFree = agent.Waits == Wait.Exclusive ? state.IsFree : state.Owner < 0;
        return isFree || (state.ShowsWaiters && (state.Waiters & (1u << agent.Index)) == 0);
    }

    private void Released(Agent me, LockState state, object theLock)
    {
        state.Releases++;
        // Fields that the lock protects may be what the agent waits for. Where all that it protects are words, those are.
        if (state.Carries(OrdersAllLocks)) me.NoteRelease(state.Number, state.Releases);
        me.IsFused = false;
        See(me, LockTarget + state.Number, 0, OperationKind.ExitExclusive);
        Watch?.OnLockReleased(me, theLock, state.IsFree);
    }

    private LockState StateOf(object theLock)
    {
        if (_lockOf.TryGetValue(theLock, out LockState? known)) return known;
        string name = NameOf(theLock);
        if (!_lockNumbers.TryGetValue(name, out int number))
        {
            number = _lockNumbers.Count;
            if (number == LocksMax) throw new ModelTooSmallException($"More than {LocksMax} locks are in use; explore a smaller program.");
            _lockNumbers.Add(name, number);
        }
        LockState state = _locks[number];
        state.ShowsWaiters = theLock is MmuLock;
        state.CarriesAlways = theLock is SleepingLock || (theLock is TicketLock spin && spin.Name != "tdp_mmu_pages_lock");
        _lockOf.Add(theLock, state);
        return state;
    }

    private static string NameOf(object thing) => thing switch
    {
        MmuLock => "mmu_lock",
        TicketLock spin => spin.Name,
        SleepingLock mutex => mutex.Name,
        Rcu rcu => rcu.Name,
        WorkQueue queue => $"queue {queue.Name}",
        _ => thing.ToString() ?? "?",
    };

    private int DomainOf(Rcu rcu)
    {
        int domain = _domainNames.IndexOf(rcu.Name);
        if (domain >= 0) return domain;
        if (_domainNames.Count == DomainsMax) throw new ModelTooSmallException($"More than {DomainsMax} RCU domains are in use; explore a smaller program.");
        _domainNames.Add(rcu.Name);
        return _domainNames.Count - 1;
    }

    private QueueState QueueOf(WorkQueue queue)
    {
        foreach (QueueState known in _queues)
            if (known.Name == queue.Name) return known;
        QueueState state = new(queue.Name, _queues.Count);
        _queues.Add(state);
        return state;
    }

    private uint ReadersOf(int domain, Agent? except)
    {
        uint readers = 0;
        for (int index = 0; index < _count; index++)
            if (_agents[index] != except && _agents[index].RcuDepth[domain] != 0) readers |= 1u << index;
        return readers;
    }

    private void RunCallback(Agent me, in Callback callback)
    {
        // Poison lands in words that anybody may read, without going through the machine.
        _footprint.Everything();
        // The grace period interrupted everybody.
        DrainEverybody();
        Reclaimer!.Reclaim(callback.Node, callback.Kind);
        Teller?.TellFree(me, callback.Node, callback.Kind);
    }

    private bool HasItem(Agent agent) => _queues[agent.Pending.Target - QueueTarget].Items.Count != 0;

    private bool IsFlushed(Agent agent) => _queues[agent.Pending.Target - QueueTarget].IsDone(agent.FlushUpTo);

    private void ResetLocks()
    {
        _lockOf.Clear();
        foreach (LockState state in _locks) state.Reset();
    }

    private void ResetGracePeriods() => _callbacks.Clear();

    private void ResetQueues()
    {
        foreach (QueueState queue in _queues) queue.Reset();
    }

    private ulong HashOfLocks()
    {
        ulong hash = 0;
        for (int number = 0; number < _lockNumbers.Count; number++)
        {
            LockState state = _locks[number];
            hash += Mix((ulong)number + 1, state.Waiters, state.Carries(OrdersAllLocks) ? state.ExclusiveHash + state.SharedHash : 0);
        }
        return hash;
    }

    private ulong HashOfGracePeriods()
    {
        ulong hash = 0;
        foreach (Callback callback in _callbacks) hash += Mix((ulong)callback.Node, callback.Readers, 3);
        return hash;
    }

    private ulong HashOfQueues()
    {
        ulong hash = 0;
        foreach (QueueState queue in _queues)
        {
            foreach (Item item in queue.Items) hash = Mix(hash, item.Root.AsWord, (ulong)item.Number);
            hash = Mix(hash, queue.Running.Root.AsWord, (ulong)queue.Running.Number);
        }
        return hash;
    }

    private static LockState[] NewLocks() => [.. Enumerable.Range(0, LocksMax).Select(number => new LockState(number))];

    private record struct Callback(int Domain, nint Node, RcuKind Kind, uint Readers);

    /// <summary>A root on a queue.</summary>
    /// <param name="Root">The root.</param>
    /// <param name="Number">Its number in the order of queueing.</param>
    /// <param name="By">Agent that queued it.</param>
    internal readonly record struct Item(TdpRoot Root, long Number, int By);

    private sealed class LockState(int number)
    {
        public readonly int Number = number;
        public int Owner = -1;
        public uint Holders;
        public uint Waiters;
        public bool ShowsWaiters;
        public bool CarriesAlways;
        public int DowngradedBy = -1;
        public long Releases;

        /// <summary>What the last exclusive holder had seen when it left: fields that the lock protects follow from it.</summary>
        public ulong ExclusiveHash;
        public ulong SharedHash;

        public bool IsFree => Owner < 0 && Holders == 0;

        public bool Carries(bool all) => all || CarriesAlways;

        public void Reset()
        {
            Owner = DowngradedBy = -1;
            Holders = Waiters = 0;
            Releases = 0;
            ExclusiveHash = SharedHash = 0;
        }
    }

    private sealed class QueueState(string name, int number)
    {
        public readonly string Name = name;
        public readonly int Number = number;
        public readonly List<Item> Items = [];
        public Item Running;
        public long Last;

        public bool IsDone(long upTo) => (Items.Count == 0 || Items[0].Number > upTo) && (Running.Number == 0 || Running.Number > upTo);

        public void Reset()
        {
            Items.Clear();
            Running = default;
            Last = 0;
        }
    }
}
