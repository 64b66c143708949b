using Lab.Explorer.Seam;
using Lab.Mmu;

namespace Lab.Explorer.Agents;

/// <summary>Locks, and how what is no word is numbered.</summary>
internal sealed partial class AgentController
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

    public override void EnterExclusive(object theLock)
    {
        if (_direct) return;
        LockState state = StateOf(theLock);
        Agent me = Enter(new LocalOp(LocalOpKind.EnterExclusive, Thing: state.Number));
        AwaitDrained(me, new Operation(OperationKind.EnterExclusive, LockTarget + state.Number));
        if (state.IsSleptFor) CheckMaySleep(me, "takes ", theLock);
        me.IsFused = false;
        Point(me, new Operation(OperationKind.EnterExclusive, LockTarget + state.Number), Wait.Exclusive);
        if (!state.CanEnter(me, exclusive: true))
        {
            // That the lock was not free depends on everybody who took or left it.
            _footprint.Write(LockTarget + state.Number);
            Arrive(me, state, theLock, exclusive: true);
            Point(me, new Operation(OperationKind.EnterExclusive, LockTarget + state.Number), Wait.Exclusive);
        }
        TakeExclusive(me, state, theLock);
    }

    private void TakeExclusive(Agent me, LockState state, object theLock)
    {
        Leave(me, state);
        state.Owner = me.Index;
        me.ExclusiveLocks |= 1UL << state.Number;
        _footprint.Write(LockTarget + state.Number);
        See(me, LockTarget + state.Number, state.Carries(OrdersAllLocks) ? state.ExclusiveHash + state.SharedHash : 0,
            OperationKind.EnterExclusive);
        me.IsFused = true;
        Watch?.OnLockTaken(me, theLock, exclusive: true);
        Teller?.Tell(me, OperationKind.EnterExclusive, theLock);
    }

    public override void ExitExclusive(object theLock)
    {
        if (_direct) return;
        LockState state = StateOf(theLock);
        Agent me = Enter(new LocalOp(LocalOpKind.ExitExclusive, Thing: state.Number));
        AwaitDrained(me, new Operation(OperationKind.ExitExclusive, LockTarget + state.Number));
        LeaveExclusive(me, state, theLock);
    }

    private void LeaveExclusive(Agent me, LockState state, object theLock)
    {
        CheckHeld(me, state, me.ExclusiveLocks, theLock);
        state.Owner = -1;
        me.ExclusiveLocks &= ~(1UL << state.Number);
        // slots_lock protects the memslot arrays: they follow from who updated them in which order, not from what an updater saw
        // on the way.
        state.ExclusiveHash =
            theLock is SleepingLock && !OrdersAllLocks ? Mix(state.ExclusiveHash, (ulong)me.Index + 1, 7) : me.History;
        state.SharedHash = 0;
        if (GluesFastZap && Watch is { } watch && watch.IsMmuLock(theLock) && watch.IsInFastZap(me))
        {
            state.DowngradedBy = me.Index;
        }
        _footprint.Write(LockTarget + state.Number);
        Released(me, state, theLock);
        Teller?.Tell(me, OperationKind.ExitExclusive, theLock);
    }

    public override void EnterShared(object theLock)
    {
        if (_direct) return;
        LockState state = StateOf(theLock);
        Agent me = Enter(new LocalOp(LocalOpKind.EnterShared, Thing: state.Number));
        AwaitDrained(me, new Operation(OperationKind.EnterShared, LockTarget + state.Number));
        if (state.IsSleptFor) CheckMaySleep(me, "takes ", theLock);
        me.IsFused = false;
        CheckNotShared(me, state, theLock);
        // A downgrade: the lock was never free in between.
        bool downgrades = GluesFastZap && state.DowngradedBy == me.Index;
        state.DowngradedBy = -1;
        if (!downgrades)
        {
            Point(me, new Operation(OperationKind.EnterShared, LockTarget + state.Number), Wait.Shared);
            if (!state.CanEnter(me, exclusive: false))
            {
                _footprint.Read(LockTarget + state.Number);
                Arrive(me, state, theLock, exclusive: false);
                Point(me, new Operation(OperationKind.EnterShared, LockTarget + state.Number), Wait.Shared);
            }
        }
        TakeShared(me, state, theLock);
    }

    private void CheckNotShared(Agent me, LockState state, object theLock)
    {
        if (theLock is not MmuLock || (me.SharedLocks >> state.Number & 1) == 0) return;
        Report(new Finding("deadlock", "Threads do not wait for each other in a circle.",
            $"{me.Name} takes {NameOf(theLock)} shared while it has it shared: a writer that queues between the two waits "
                + "for the first, and the second for the writer"));
    }

    private void TakeShared(Agent me, LockState state, object theLock)
    {
        // Whether a reader gets in at once depends on who waits.
        if (state.IsFair) _footprint.Read(WaitersTarget + state.Number);
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
        LockState state = StateOf(theLock);
        Agent me = Enter(new LocalOp(LocalOpKind.ExitShared, Thing: state.Number));
        AwaitDrained(me, new Operation(OperationKind.ExitShared, LockTarget + state.Number));
        LeaveShared(me, state, theLock);
    }

    private void LeaveShared(Agent me, LockState state, object theLock)
    {
        CheckHeld(me, state, me.SharedLocks, theLock);
        state.Holders &= ~(1u << me.Index);
        me.SharedLocks &= ~(1UL << state.Number);
        if (state.Carries(OrdersAllLocks)) state.SharedHash += me.History;
        _footprint.Read(LockTarget + state.Number);
        Released(me, state, theLock);
        Teller?.Tell(me, OperationKind.ExitShared, theLock);
    }

    public override bool Reinitialise(object theLock)
    {
        if (_direct) return false;
        LockState state = StateOf(theLock);
        Agent me = Enter(new LocalOp(LocalOpKind.Reinitialise, Thing: state.Number));
        me.IsFused = false;
        Point(me, new Operation(OperationKind.EnterExclusive, LockTarget + state.Number));
        return MakeAnew(me, state);
    }

    private bool MakeAnew(Agent me, LockState state)
    {
        bool wasHeld = !state.IsFree;
        state.Owner = -1;
        state.Holders = 0;
        foreach (Agent agent in Agents)
        {
            agent.ExclusiveLocks &= ~(1UL << state.Number);
            agent.SharedLocks &= ~(1UL << state.Number);
        }
        _footprint.Write(LockTarget + state.Number);
        See(me, LockTarget + state.Number, wasHeld ? 1u : 0u, OperationKind.EnterExclusive);
        return wasHeld;
    }

    public override bool IsContended(object theLock)
    {
        if (_direct) return false;
        LockState state = StateOf(theLock);
        Agent me = Enter(new LocalOp(LocalOpKind.IsContended, Thing: state.Number));
        me.IsFused = false;
        Point(me, new Operation(OperationKind.IsContended, WaitersTarget + state.Number));
        return LookWhoWaits(me, state);
    }

    private bool LookWhoWaits(Agent me, LockState state)
    {
        bool contended = state.Waiters != 0;
        _footprint.Read(WaitersTarget + state.Number);
        See(me, WaitersTarget + state.Number, contended ? 1u : 0u, OperationKind.IsContended);
        return contended;
    }

    /// <summary>The agent stops here until all that are not workers have ended.</summary>
    public void AwaitOthers()
    {
        Agent me = Enter(new LocalOp(LocalOpKind.AwaitOthers));
        Point(me, new Operation(OperationKind.Everything, 0), Wait.Others);
        BeLast(me);
    }

    private void BeLast(Agent me)
    {
        _footprint.Everything();
        // With which roots vCPUs ended is no word, and is looked at by who takes the VM down.
        See(me, 0, Watch?.HashOfVcpuRoots() ?? 0, OperationKind.Everything);
    }

    private void Arrive(Agent me, LockState state, object theLock, bool exclusive)
    {
        state.Waiters |= 1u << me.Index;
        if (state.IsFair)
        {
            state.Line.Add((me.Index, exclusive));
            Teller?.Tell(me, OperationKind.IsContended, theLock);
        }
        _footprint.Write(WaitersTarget + state.Number);
        me.History = Mix(me.History, Salt.Arrival, (ulong)state.Number);
        me.Learn(Salt.Arrival, (ulong)state.Number);
    }

    private void Leave(Agent me, LockState state)
    {
        if ((state.Waiters & (1u << me.Index)) == 0) return;
        state.Waiters &= ~(1u << me.Index);
        state.Line.RemoveAll(waiter => waiter.Index == me.Index);
        _footprint.Write(WaitersTarget + state.Number);
    }

    /// <summary>Who finds the lock taken may arrive, which is a step, if the lock tells others that somebody waits for it; then
    /// it waits.</summary>
    private bool CanTake(Agent agent)
    {
        LockState state = _locks[agent.Pending.Target - LockTarget];
        return state.CanEnter(agent, agent.Waits == Wait.Exclusive)
            || (state.ShowsWaiters && (state.Waiters & (1u << agent.Index)) == 0);
    }

    private void Released(Agent me, LockState state, object theLock)
    {
        state.Releases++;
        me.Works = true;
        // Fields that the lock protects may be what the agent waits for. Where all that it protects are words, those are.
        if (state.Carries(OrdersAllLocks)) me.NoteRelease(state.Number, state.Releases);
        me.IsFused = false;
        See(me, LockTarget + state.Number, 0, OperationKind.ExitExclusive);
        Watch?.OnLockReleased(me, theLock, state.IsFree);
    }

    private void CheckHeld(Agent me, LockState state, ulong held, object theLock)
    {
        if ((held >> state.Number & 1) != 0) return;
        Report(new Finding("check", "A lock is released by its holder, in the mode it was taken in.",
            $"{me.Name} releases {NameOf(theLock)}, which it does not hold so"));
    }

    /// <summary>Who ends has left the locks that others would spin for, and its read-side sections. Semaphores may be kept: a
    /// notifier's end need not come.</summary>
    private void CheckHoldsNothing(Agent agent)
    {
        int domain = agent.RcuDepth.AsSpan().IndexOfAnyExcept(0);
        if (!HoldsSpinning(agent) && domain < 0) return;
        Report(new Finding("check", "Who ends holds no lock and is in no read-side section.",
            $"{agent.Name} ends{(domain >= 0 ? $" in a section of {_domainNames[domain]}" : Holding(agent))}"));
    }

    /// <summary>True if the agent holds the lock, exclusively or in any mode.</summary>
    public bool Holds(Agent me, object theLock, bool exclusively)
    {
        if (!_lockNumbers.TryGetValue(NameOf(theLock), out int number)) return false;
        ulong held = exclusively ? me.ExclusiveLocks : me.ExclusiveLocks | me.SharedLocks;
        return (held >> number & 1) != 0;
    }

    private LockState StateOf(object theLock)
    {
        if (_lockOf.TryGetValue(theLock, out LockState? known)) return known;
        string name = NameOf(theLock);
        if (!_lockNumbers.TryGetValue(name, out int number))
        {
            number = _lockNumbers.Count;
            if (number == LocksMax) throw new ModelTooSmallException(
                $"More than {LocksMax} locks are in use; explore a smaller program.");
            _lockNumbers.Add(name, number);
        }
        LockState state = _locks[number];
        state.Thing = theLock;
        state.ShowsWaiters = theLock is MmuLock or RwSemaphore;
        state.IsSleptFor = theLock is SleepingLock or RwSemaphore;
        state.IsFair = theLock is RwSemaphore { IsFair: true };
        state.CarriesAlways = theLock is SleepingLock or TicketLock { GuardsOnlyWords: false };
        _lockOf.Add(theLock, state);
        return state;
    }

    private static string NameOf(object thing) => thing switch
    {
        MmuLock readWrite => readWrite.Name,
        TicketLock spin => spin.Name,
        SleepingLock mutex => mutex.Name,
        RwSemaphore semaphore => semaphore.Name,
        Rcu rcu => rcu.Name,
        WorkQueue queue => $"queue {queue.Name}",
        _ => thing.ToString() ?? "?",
    };

    private void ResetLocks()
    {
        _lockOf.Clear();
        foreach (LockState state in _locks) state.Reset();
    }

    private ulong HashOfLocks()
    {
        ulong hash = 0;
        for (int number = 0; number < _lockNumbers.Count; number++)
        {
            LockState state = _locks[number];
            hash += Mix((ulong)number + 1, state.Waiters,
                state.Carries(OrdersAllLocks) ? state.ExclusiveHash + state.SharedHash : 0);
            foreach ((int index, bool _) in state.Line) hash = Mix(hash, (ulong)index + 1, (ulong)number);
        }
        return hash;
    }

    private static LockState[] NewLocks() => [.. Enumerable.Range(0, LocksMax).Select(number => new LockState(number))];

    private sealed class LockState(int number)
    {
        public readonly int Number = number;
        public int Owner = -1;
        public uint Holders;
        public uint Waiters;
        public bool ShowsWaiters;

        /// <summary>The lock itself, of this VM or of the one before.</summary>
        public object Thing = "";
        public bool IsSleptFor;
        public bool CarriesAlways;

        /// <summary>Who arrives queues behind those that wait.</summary>
        public bool IsFair;

        /// <summary>Of a fair lock: those that wait, in order of arrival.</summary>
        public readonly List<(int Index, bool Exclusive)> Line = [];
        public int DowngradedBy = -1;
        public long Releases;

        /// <summary>What the last exclusive holder had seen when it left: fields that the lock protects follow from it.</summary>
        public ulong ExclusiveHash;
        public ulong SharedHash;

        public bool IsFree => Owner < 0 && Holders == 0;

        public bool Carries(bool all) => all || CarriesAlways;

        /// <summary>The lock is free for the agent, and if it is fair nobody is due before it: a reader may go with the readers
        /// in front of it.</summary>
        public bool CanEnter(Agent agent, bool exclusive)
        {
            if (exclusive ? !IsFree : Owner >= 0) return false;
            foreach ((int index, bool waitsExclusive) in Line)
            {
                if (index == agent.Index) return true;
                if (exclusive || waitsExclusive) return false;
            }
            return true;
        }

        public void Reset()
        {
            Owner = DowngradedBy = -1;
            Holders = Waiters = 0;
            Line.Clear();
            Releases = 0;
            ExclusiveHash = SharedHash = 0;
        }
    }
}
