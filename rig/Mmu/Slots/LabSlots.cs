namespace Lab.Mmu;

/// <summary>The pipeline that every strategy plugs into (reference 0.6; kvm_set_memslot, kvm_swap_active_memslots, Linux 6.16). A
/// delete is two steps around a fast zap: published as invalid, zapped, published without it.</summary>
internal sealed class LabSlots<TMachine>(Vm<TMachine> vm, IGuestMemory memory) : SlotPipeline<TMachine>(vm, memory)
    where TMachine : struct, IMachine
{
    private protected override void Create(in Memslot slot) => Install(Vm.DirtyLog.WithBits(slot));

    private protected override void Delete(in Memslot slot)
    {
        Invalidate(slot);
        Spare.CopyFrom(Active);
        Spare.Remove(slot.Id);
        SwapActive();
        FreeMemory(slot);
    }

    /// <summary>As a delete, except that the second step publishes the slot at its new place, with its memory made
    /// anew.</summary>
    private protected override void Move(in Memslot slot, GfnRange range)
    {
        Invalidate(slot);
        Install(Vm.DirtyLog.WithBits(NewGeneration(slot.Id, range, slot.Flags)));
        FreeMemory(slot);
    }

    /// <summary>Turning dirty logging on splits the slot's large leafs, write-protects it in every valid root under the shared
    /// hold and flushes; turning it off merges. Nothing is zapped but the tables that merging replaces.</summary>
    private protected override void SetFlags(in Memslot slot, MemslotFlags flags)
    {
        // Before the grace period: what is mapped after it follows the new flags, what was mapped before is write-protected
        // below.
        Memory.SetBackingFlags(slot.Hva, flags);
        Vm.DirtyLog.Begin();
        Install(Vm.DirtyLog.WithBits(slot with { Flags = flags }));
        if ((flags & MemslotFlags.LogDirtyPages) != 0)
        {
            Vm.Huge.Split(slot);
            Vm.WriteProtect(slot.Range);
        }
        else
        {
            Vm.Huge.Merge(slot);
        }
        Vm.DirtyLog.End();
    }

    /// <summary>kvm_vm_ioctl_get_dirty_log: under slots_lock.</summary>
    public override long CollectDirty(int id)
    {
        Machine.Enter(Vm.SlotsLock);
        long frames = Active.TryGet(id, out Memslot slot) && slot.DirtyBits != 0 ? Vm.DirtyLog.Collect(slot) : 0;
        Machine.Exit(Vm.SlotsLock);
        return frames;
    }

    /// <summary>One more swap, without a zap or a grace period: nothing is mapped any more, and nobody looks.</summary>
    public override void Release()
    {
        Vm.Notifier.BeforeSwap();
        Vm.Notifier.AfterSwap();
    }

    /// <summary>kvm_invalidate_memslot: on return nothing reaches the slot's memory through its place.</summary>
    private void Invalidate(in Memslot slot)
    {
        Install(slot with { Flags = slot.Flags | MemslotFlags.Invalid });
        Vm.ZapAllFast(slot.Range);
    }

    private void Install(in Memslot slot)
    {
        Spare.CopyFrom(Active);
        Spare.Set(slot);
        SwapActive();
    }

    /// <summary>Publishes the prepared array and waits until nobody uses the old one, which then becomes the spare. After it no
    /// fault can pick a slot from the old array.</summary>
    private void SwapActive()
    {
        long begin = Machine.Timestamp();
        Vm.Notifier.BeforeSwap();
        if (Vm.Notifier.HoldsSwaps) Phases.Add(UpdatePhase.SwapWait, Machine.Timestamp() - begin);
        Publish();
        Vm.Notifier.AfterSwap();
        begin = Machine.Timestamp();
        Machine.Synchronize(Srcu);
        Phases.Add(UpdatePhase.Srcu, Machine.Timestamp() - begin);
    }
}
