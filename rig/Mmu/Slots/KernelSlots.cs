namespace Lab.Mmu;

/// <summary>The running kernel carries out each update, by one system call. The lab keeps account of the slots and publishes
/// none: what the kernel lets out of the guest hit no slot, and nobody waits for a grace period.</summary>
internal sealed class KernelSlots<TMachine>(Vm<TMachine> vm, IGuestMemory memory, ISlotKernel kernel)
    : SlotPipeline<TMachine>(vm, memory)
    where TMachine : struct, IMachine
{
    public override ISlotKernel Kernel => kernel;

    public override MemslotArray Active => Spare;

    /// <summary>Only the kernel has these: an update must not pay for the lab's account of them.</summary>
    public override MemslotResult CreateBystanders(int firstId, int count, Gfn start)
    {
        Machine.Enter(Vm.SlotsLock);
        kernel.CreateBystanders(firstId, count, start);
        Machine.Exit(Vm.SlotsLock);
        return MemslotResult.Done;
    }

    public override long CollectDirty(int id)
    {
        Machine.Enter(Vm.SlotsLock);
        try
        {
            return Active.TryGet(id, out Memslot slot) ? kernel.CollectDirty(slot) : 0;
        }
        finally
        {
            Machine.Exit(Vm.SlotsLock);
        }
    }

    private protected override void Create(in Memslot slot)
    {
        kernel.Create(slot);
        Active.Set(slot);
    }

    private protected override void Delete(in Memslot slot)
    {
        kernel.Delete(slot);
        Active.Remove(slot.Id);
        FreeMemory(slot);
    }

    private protected override void Move(in Memslot slot, GfnRange range)
    {
        kernel.Move(slot, range.Start);
        Active.Set(slot with { Range = range, Generation = ++LastGeneration });
    }

    private protected override void SetFlags(in Memslot slot, MemslotFlags flags)
    {
        kernel.SetFlags(slot, flags);
        Memory.SetBackingFlags(slot.Hva, flags);
        Active.Set(slot with { Flags = flags });
    }
}
