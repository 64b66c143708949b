using Lab.Explorer.Seam;
using Lab.Mmu;

namespace Lab.Explorer.Agents;

/// <summary>Read-side sections and grace periods, which end as early as they can.</summary>
internal sealed partial class AgentController
{
    /// <summary>Frees what a grace period has passed for.</summary>
    public IReclaim? Reclaimer { get; set; }

    public override void EnterRcu(Rcu rcu)
    {
        if (_direct) return;
        int domain = DomainOf(rcu);
        EnterSection(Enter(new LocalOp(LocalOpKind.EnterRcu, Thing: domain)), domain);
    }

    private void EnterSection(Agent me, int domain)
    {
        me.RcuDepth[domain]++;
        me.SharedLocks |= FirstDomainBit << domain;
        _footprint.Read(DomainTarget + domain);
        See(me, DomainTarget + domain, 0, OperationKind.EnterRcu);
    }

    public override void ExitRcu(Rcu rcu)
    {
        if (_direct) return;
        int domain = DomainOf(rcu);
        LeaveSection(Enter(new LocalOp(LocalOpKind.ExitRcu, Thing: domain)), domain);
    }

    private void LeaveSection(Agent me, int domain)
    {
        me.IsFused = false;
        _footprint.Read(DomainTarget + domain);
        See(me, DomainTarget + domain, 0, OperationKind.ExitRcu);
        if (--me.RcuDepth[domain] < 0)
        {
            Report(new Finding("check", "A read-side section is left by who entered it.",
                $"{me.Name} leaves a section of {_domainNames[domain]}, in which it is not"));
        }
        if (me.RcuDepth[domain] != 0) return;
        me.SharedLocks &= ~(FirstDomainBit << domain);
        uint bit = 1u << me.Index;
        for (int index = 0; index < _count; index++)
        {
            if (_agents[index].Waits == Wait.Readers && _agents[index].Pending.Target == DomainTarget + domain)
            {
                _agents[index].Readers &= ~bit;
                _agents[index].HasChanged = true;
            }
        }
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
        int domain = DomainOf(rcu);
        Agent me = Enter(new LocalOp(LocalOpKind.Synchronize, Thing: domain));
        me.IsFused = false;
        Operation wait = new(OperationKind.Synchronize, DomainTarget + domain);
        CheckMaySleep(me, "waits for the grace period of ", rcu);
        AwaitDrained(me, wait);
        Point(me, wait);
        BeginGracePeriod(me, domain);
        if (me.Readers != 0) Point(me, wait, Wait.Readers);
        See(me, DomainTarget + domain, 0, OperationKind.Synchronize);
        Teller?.Tell(me, OperationKind.Synchronize, rcu);
    }

    private void BeginGracePeriod(Agent me, int domain)
    {
        DrainEverybody();
        _footprint.Write(DomainTarget + domain);
        if (me.RcuDepth[domain] != 0)
        {
            Report(new Finding("deadlock", "Threads do not wait for each other in a circle.",
                $"{me.Name} waits for the grace period of {_domainNames[domain]} inside a section of its own"));
        }
        me.Readers = ReadersOf(domain, me);
    }

    public override void CallRcu(Rcu rcu, nint node, RcuKind kind)
    {
        if (_direct)
        {
            Reclaimer!.Reclaim(node, kind);
            return;
        }
        int domain = DomainOf(rcu);
        Agent me = Enter(new LocalOp(LocalOpKind.CallRcu, node, domain, (ulong)kind));
        AwaitDrained(me, new Operation(OperationKind.CallRcu, DomainTarget + domain));
        HandToGracePeriod(me, domain, node, kind);
    }

    private void HandToGracePeriod(Agent me, int domain, nint node, RcuKind kind)
    {
        _footprint.Write(DomainTarget + domain);
        See(me, DomainTarget + domain, (ulong)node, OperationKind.CallRcu);
        Callback callback = new(domain, node, kind, ReadersOf(domain, null));
        if (callback.Readers == 0) RunCallback(me, callback);
        else _callbacks.Add(callback);
    }

    public override void Barrier(Rcu rcu)
    {
        if (_direct) return;
        Agent me = Enter(new LocalOp(LocalOpKind.Barrier, Thing: DomainOf(rcu)));
        me.IsFused = false;
        Point(me, new Operation(OperationKind.Barrier, DomainTarget + DomainOf(rcu)), Wait.Callbacks);
        See(me, DomainTarget + DomainOf(rcu), 0, OperationKind.Barrier);
    }

    private int DomainOf(Rcu rcu)
    {
        int domain = _domainNames.IndexOf(rcu.Name);
        if (domain >= 0) return domain;
        if (_domainNames.Count == DomainsMax) throw new ModelTooSmallException(
            $"More than {DomainsMax} RCU domains are in use; explore a smaller program.");
        _domainNames.Add(rcu.Name);
        return _domainNames.Count - 1;
    }

    private uint ReadersOf(int domain, Agent? except)
    {
        uint readers = 0;
        for (int index = 0; index < _count; index++)
        {
            if (_agents[index] != except && _agents[index].RcuDepth[domain] != 0) readers |= 1u << index;
        }
        return readers;
    }

    private void RunCallback(Agent me, in Callback callback)
    {
        // Poison lands in words that anybody may read, without going through the machine.
        _footprint.Everything();
        // The grace period interrupted everybody.
        DrainEverybody();
        if (_undo is not null) LogOf(callback.Node, callback.Kind);
        Recorder?.BeginReclaim();
        Reclaimer!.Reclaim(callback.Node, callback.Kind);
        Recorder?.EndReclaim();
        if (_undo is not null) Watch?.CheckOracle(me);
        Teller?.TellFree(me, callback.Node, callback.Kind);
    }

    private void ResetGracePeriods() => _callbacks.Clear();

    private ulong HashOfGracePeriods()
    {
        ulong hash = 0;
        foreach (Callback callback in _callbacks) hash += Mix((ulong)callback.Node, callback.Readers, 3);
        return hash;
    }

    internal record struct Callback(int Domain, nint Node, RcuKind Kind, uint Readers);
}
