using System.Runtime.CompilerServices;

namespace Lab.Mmu;

/// <summary>How roots live and die: the seam that one strategy file fills. The MMU calls the public verbs; the protected members
/// are the steps that strategies are made of.</summary>
/// <remarks>A strategy owns: when a root's count changes and by whom it is put, when a root becomes invalid, who zaps it, and
/// what a fast zap waits for. It does not own: the tables, the fault path, the memslots, the locks.</remarks>
public abstract class RootStrategy<TMachine> : IDisposable
    where TMachine : struct, IMachine
{
    protected RootStrategy(Vm<TMachine> vm)
    {
        Vm = vm;
        Machine = vm.Machine;
    }

    /// <summary>True if vCPUs load and put roots under the shared hold (6.9 and later); otherwise the hold is
    /// exclusive.</summary>
    public virtual bool LoadsRootsShared => false;

    /// <summary>What a fast zap leaves of the roots that it finds; invariant I6 holds the strategy to it. True: they stay valid,
    /// and only what they map of the slot that goes is zapped, so that no vCPU need load another. False: none of them holds a
    /// present SPTE any more. Null, where the strategy does not say: judged root by root, by whether it was marked
    /// invalid.</summary>
    public virtual bool? KeepsRoots => null;

    protected Vm<TMachine> Vm { get; }

    protected TMachine Machine { get; }

    /// <summary>Granularity of a whole-root zap in the strategy's source.</summary>
    protected virtual ZapPasses Passes => ZapPasses.Coarse;

    /// <summary>Finds or makes the root for the role and gives the vCPU one reference. None if memory is short. On return the
    /// root may already be invalid if the hold is shared; the pending request then keeps the vCPU out of the guest.</summary>
    public abstract TdpRoot GetVcpuRoot(Vcpu<TMachine> vcpu, RootRole role, MmuHold hold);

    /// <summary>Drops one reference. The caller must not touch the root afterwards.</summary>
    public abstract void Put(TdpRoot root, MmuHold hold);

    /// <summary>First half of a fast zap: marks every root so that no vCPU will load it, or zaps what each maps of the VM's
    /// <c>DoomedRange</c>. Called with slots_lock; the reload request, unless the strategy keeps roots, follows in the same
    /// exclusive section.</summary>
    public abstract void InvalidateAllRoots(ExclusiveHold hold);

    /// <summary>Second half of a fast zap, without mmu_lock and with slots_lock. On return no root maps the VM's
    /// <c>DoomedRange</c>, and those that existed at the first half are as <see cref="KeepsRoots"/> says — in a sound
    /// strategy.</summary>
    public abstract void ZapInvalidatedRoots();

    /// <summary>First step of the VM's end: returns when nothing that the strategy started holds a reference to the VM. A
    /// strategy whose work items hold none has nothing to wait for.</summary>
    public virtual void AwaitVmReferences() { }

    /// <summary>Last step of the VM's life: everything is zapped and the vCPUs have put their roots. Nobody else runs.</summary>
    public virtual void Destroy() { }

    /// <summary>What is wrong with the strategy's own state after the run, or null.</summary>
    public virtual string? SelfCheck() => null;

    public void Dispose()
    {
        DisposeOwned();
        GC.SuppressFinalize(this);
    }

    /// <summary>Ends what the strategy owns: its queues and locks.</summary>
    protected virtual void DisposeOwned() { }

    /// <summary>Takes a reference unless the count is zero (refcount_inc_not_zero).</summary>
    public bool TryGet(TdpRoot root)
    {
        if (Vm.ReportIfDead(root, "get")) return false;
        ulong count = Machine.Load(ref root.Count);
        while (true)
        {
            if (count == 0) return false;
            ulong found = Machine.CompareExchange(ref root.Count, count + 1, count);
            if (found == count) break;
            count = found;
        }
        Vm.Record(MmuEventKind.Get, root, (long)count);
        return true;
    }

    /// <summary>True if the root is marked invalid.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IsInvalid(TdpRoot root) => (Machine.Load(ref root.Role) & RootRole.Invalid) != 0;

    /// <summary>Puts a reference and returns the new count (refcount_dec_and_test, with the test left to the caller). Full
    /// fence.</summary>
    protected long Decrement(TdpRoot root, MmuHold hold)
    {
        if (Vm.ReportIfDead(root, "put")) return 1;
        MmuEvent entry = Vm.OnEntry(MmuEventKind.Put, root, hold.IsShared);
        long count = (long)Machine.Add(ref root.Count, ulong.MaxValue);
        Machine.Actor.Events.Record(entry with { RefCount = count + 1 });
        if (count < 0) Vm.ReportUnderflow(root, count);
        return count;
    }

    /// <summary>As <see cref="Decrement"/>; the name that plugins of earlier versions were written with.</summary>
    protected long Drop(TdpRoot root, MmuHold hold) => Decrement(root, hold);

    /// <summary>As <see cref="DecrementUnlessOne"/>, likewise.</summary>
    protected bool DropUnlessLast(TdpRoot root, MmuHold hold) => DecrementUnlessOne(root, hold);

    /// <summary>Puts a reference unless it is the last (refcount_dec_not_one); false if the count was one and is
    /// unchanged.</summary>
    protected bool DecrementUnlessOne(TdpRoot root, MmuHold hold)
    {
        if (Vm.ReportIfDead(root, "put")) return true;
        MmuEvent entry = Vm.OnEntry(MmuEventKind.Put, root, hold.IsShared);
        ulong count = Machine.Load(ref root.Count);
        while (true)
        {
            if (count == 1) return false;
            ulong found = Machine.CompareExchange(ref root.Count, count - 1, count);
            if (found == count) break;
            count = found;
        }
        Machine.Actor.Events.Record(entry with { RefCount = (long)count });
        if (count == 0) Vm.ReportUnderflow(root, -1);
        return true;
    }

    /// <summary>Hands a reference of the caller's over to what the strategy keeps, a list for instance: whoever takes the root
    /// from there puts it. Called while the root is still the caller's, before it is where others find it.</summary>
    protected void HandOver(TdpRoot root) => Vm.HandOver(root);

    /// <summary>Queues the root, and hands the worker a reference of the caller's. False if it is queued already: it will run
    /// once, and the reference is still the caller's.</summary>
    protected bool HandOver(TdpRoot root, WorkQueue queue) => Vm.Queue(queue, root);

    /// <summary>Stores the invalid bit plainly; publication is by the lock (5.13–5.17 and 6.4 on). True if the root was
    /// valid.</summary>
    protected bool Invalidate(TdpRoot root)
    {
        ulong role = Machine.LoadRelaxed(ref root.Role);
        if ((role & RootRole.Invalid) != 0) return false;
        Machine.StoreRelaxed(ref root.Role, role | RootRole.Invalid);
        Vm.Record(MmuEventKind.Invalidate, root, (long)Machine.LoadRelaxed(ref root.Count));
        return true;
    }

    /// <summary>Exchanges the whole role word with the bit set (kvm_tdp_root_mark_invalid): only this bit ever changes, so no CAS
    /// is needed, and the exchange is a full fence. True if the root was valid.</summary>
    protected bool ExchangeInvalid(TdpRoot root)
    {
        ulong role = Machine.LoadRelaxed(ref root.Role);
        bool wasValid = (Machine.Exchange(ref root.Role, role | RootRole.Invalid) & RootRole.Invalid) == 0;
        if (wasValid) Vm.Record(MmuEventKind.Invalidate, root, (long)Machine.LoadRelaxed(ref root.Count));
        return wasValid;
    }

    /// <summary>Takes the root off the list, so that notifiers and iterators no longer find it. False if it was off already
    /// (reported).</summary>
    protected bool Unlink(TdpRoot root)
    {
        Machine.Enter(Vm.Roots.PagesLock);
        bool unlinked = Vm.TryUnlink(root);
        Machine.Exit(Vm.Roots.PagesLock);
        return unlinked;
    }

    /// <summary>Takes the root off the list and frees it after a grace period.</summary>
    protected void UnlinkAndFree(TdpRoot root)
    {
        if (Unlink(root)) Vm.Mmu.FreeRoot(root);
    }

    /// <summary>Makes a new root with the given count and links it.</summary>
    protected TdpRoot CreateRoot(Vcpu<TMachine> vcpu, RootRole role, ulong count)
    {
        TdpRoot root = Vm.Mmu.CreateRoot(vcpu.Tables, role);
        if (root.IsNone) return root;
        Machine.StoreRelaxed(ref root.Count, count);
        Machine.Enter(Vm.Roots.PagesLock);
        Vm.Roots.Add(root);
        Machine.Exit(Vm.Roots.PagesLock);
        return root;
    }

    /// <summary>The valid root of that role with a new reference, or a new one with the given count. Exclusive hold.</summary>
    protected TdpRoot FindOrCreateRoot(Vcpu<TMachine> vcpu, RootRole role, ulong count)
    {
        TdpRoot root = FindRoot(role);
        return root.IsNone ? CreateRoot(vcpu, role, count) : root;
    }

    /// <summary>A valid root of that role with a new reference, or none. Exclusive hold, so no iterator is needed.</summary>
    protected TdpRoot FindRoot(RootRole role)
    {
        for (TdpRoot root = Vm.Roots.First; !root.IsNone; root = Vm.Roots.After(root))
        {
            if (Machine.Load(ref root.Role) == role.Word && TryGet(root)) return root;
        }
        return TdpRoot.None;
    }

    /// <summary>Step of the yield-safe iteration: the next root, with a reference of the iterator's own, after which the previous
    /// one is put. Get before put: the reference on the previous root keeps its link intact. Leaving early, the caller puts the
    /// current root.</summary>
    /// <param name="previous">None to begin.</param>
    /// <param name="filter">The invalid bit is read before the get: a root may change in between (invariant I15).</param>
    /// <param name="hold">The caller's hold; used for the put.</param>
    public TdpRoot NextRoot(TdpRoot previous, RootFilter filter, MmuHold hold)
    {
        Machine.EnterRcu(Vm.Rcu);
        TdpRoot next = previous.IsNone ? Vm.Roots.First : Successor(previous);
        while (!next.IsNone)
        {
            if (IsSeen(next, filter))
            {
                Vm.Pause(PausePoint.RootFilter);
                if (TryGet(next)) break;
            }
            next = Vm.Roots.After(next);
        }
        Machine.ExitRcu(Vm.Rcu);
        if (!previous.IsNone) Put(previous, hold);
        return next;
    }

    /// <summary>Where an iteration goes on. The iterator's reference on <paramref name="previous"/> keeps its link
    /// intact.</summary>
    protected virtual TdpRoot Successor(TdpRoot previous) => Vm.Roots.After(previous);

    /// <summary>Zaps the whole root with yields, at the granularity of the strategy's source.</summary>
    protected void ZapRoot(TdpRoot root, MmuHold hold, bool mayYield = true)
    {
        if (Vm.ReportIfDead(root, "zap")) return;
        Vm.Mmu.ZapRoot(root, hold, Passes, mayYield, this as IZapHooks);
    }

    /// <summary>A worker's item (tdp_mmu_zap_root_work): zaps the root under the shared hold and puts the reference that the item
    /// owns.</summary>
    protected void ZapRootWork(TdpRoot root)
    {
        SharedHold hold = Vm.EnterShared();
        ZapRoot(root, hold);
        Put(root, hold);
        Vm.Exit(hold);
    }

    /// <summary>kvm_tdp_mmu_zap_all: zaps every root, invalid ones too, under the exclusive hold. The MMU calls it when the VM
    /// goes.</summary>
    public virtual void ZapAll(ExclusiveHold hold)
    {
        for (TdpRoot root = NextRoot(TdpRoot.None, RootFilter.All, hold); !root.IsNone;
             root = NextRoot(root, RootFilter.All, hold))
        {
            ZapRoot(root, hold);
        }
    }

    private bool IsSeen(TdpRoot root, RootFilter filter) =>
        filter == RootFilter.All || IsInvalid(root) == (filter == RootFilter.InvalidOnly);
}
