using Lab.Mmu;

namespace Lab.Strategies.OfKernel;

/// <summary><b>Idea.</b> No strategy of ours: one VM, whose memslots the running kernel creates, deletes, moves and re-flags
/// under running vCPUs. What it does about roots is its own affair; every other number is held against this one.</summary>
/// <remarks>
/// <b>Source.</b> KVM_SET_USER_MEMORY_REGION of the kernel that the lab runs on; the manifest names its version.
/// <para><b>Runs beside.</b> One updater at a time holds slots_lock; vCPUs are in KVM_RUN throughout.</para>
/// <para><b>On return.</b> The ioctl returned: the kernel promises that no vCPU reaches the memory of a deleted slot.</para>
/// <para><b>Pays.</b> The caller of the ioctl; vCPUs fault everything in again where the kernel takes everything down.</para>
/// </remarks>
[Strategy("kernel", Code = "–", Needs = StrategyNeeds.KernelSlots, Idea = "the running kernel's own memslot updates on one VM",
    Source = "the running kernel")]
public class Kernel<TMachine>(Vm<TMachine> vm) : RootStrategy<TMachine>(vm)
    where TMachine : struct, IMachine
{
    /// <summary>The one root stands for the VM; it starts with the strategy's own reference, which the end of the VM
    /// puts.</summary>
    public override TdpRoot GetVcpuRoot(Vcpu<TMachine> vcpu, RootRole role, MmuHold hold)
    {
        TdpRoot root = FindRoot(RootRole.Normal);
        return root.IsNone ? CreateRoot(vcpu, RootRole.Normal, count: 2) : root;
    }

    public override void Put(TdpRoot root, MmuHold hold)
    {
        if (Decrement(root, hold) == 0) UnlinkAndFree(root);
    }

    public override void InvalidateAllRoots(ExclusiveHold hold) { }

    public override void ZapInvalidatedRoots() { }

    /// <summary>The kernel zaps when the slots go with the VM.</summary>
    public override void ZapAll(ExclusiveHold hold) { }

    public override void Destroy()
    {
        ExclusiveHold hold = Vm.EnterExclusive();
        if (Vm.Roots.First is { IsNone: false } root) Put(root, hold);
        Vm.Exit(hold);
    }
}
