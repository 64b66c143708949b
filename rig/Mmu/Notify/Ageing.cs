namespace Lab.Mmu;

/// <summary>The host asks which pages of the guest are in use, so as to take the others (kernel: the notifier's clear_young and
/// test_young, kvm_mmu_age_gfn). The variant — what a pass over the accessed bits keeps out, and what keeps it out — is the
/// strategy.</summary>
/// <remarks>A pass looks at valid roots only: what is under an invalid one is being zapped (Linux 6.13, 526e609f0567). It flushes
/// nothing: a page that is reached through translations that a TLB still holds looks old, as on x86
/// (CONFIG_KVM_ELIDE_TLB_FLUSH_IF_YOUNG).</remarks>
public abstract class Ageing<TMachine>(Vm<TMachine> vm) : IDisposable
    where TMachine : struct, IMachine
{
    /// <summary>False if nobody asks: the host takes memory without knowing who uses it.</summary>
    public virtual bool Ages => true;

    /// <summary>Who is to be told of each leaf; null for nobody, and then none of it costs anything. Faults hold mmu_lock
    /// exclusively where somebody is, as those of a shadow MMU do.</summary>
    public virtual ILeafIndex? Leafs => null;

    /// <summary>The chains of SPTEs that it keeps, for the oracles; null if it keeps none.</summary>
    public virtual RmapChains<TMachine>? Chains => null;

    protected Vm<TMachine> Vm { get; } = vm;

    /// <summary>True if a page of the range was used since the last call; on return it takes a walk to make it young again.
    /// Called by the host's thread, which holds no lock of the VM. A bit that changes meanwhile may be missed.</summary>
    public abstract bool ClearYoung(GfnRange range);

    /// <summary>As <see cref="ClearYoung"/>, and changes nothing.</summary>
    public abstract bool TestYoung(GfnRange range);

    public void Dispose()
    {
        DisposeOwned();
        GC.SuppressFinalize(this);
    }

    /// <summary>Ends what the variant owns: its locks.</summary>
    protected virtual void DisposeOwned() { }

    /// <summary>Clears the accessed bits of the range in all valid roots; true if any was set (kvm_tdp_mmu_age_gfn_range). The
    /// roots are walked under RCU, so it may run beside anything; what else is to be kept out is the variant's to say.</summary>
    /// <exception cref="NotSupportedException">The page tables are not the lab's own.</exception>
    protected bool ClearAccessed(GfnRange range)
    {
        Vm.Machine.EnterRcu(Vm.Rcu);
        bool young = ClearAccessedInSection(range);
        Vm.Machine.ExitRcu(Vm.Rcu);
        return young;
    }

    /// <summary>As <see cref="ClearAccessed"/>, by a caller who is in a read-side section of the page tables.</summary>
    /// <exception cref="NotSupportedException">The page tables are not the lab's own.</exception>
    protected bool ClearAccessedInSection(GfnRange range)
    {
        IAccessedBits bits = AccessedBits;
        bool young = false;
        for (TdpRoot root = Vm.Roots.First; !root.IsNone; root = Vm.Roots.After(root))
        {
            if (!Vm.Strategy.IsInvalid(root)) young |= bits.ClearAccessed(root, range);
        }
        return young;
    }

    /// <summary>True if an accessed bit of the range is set in a valid root; stops at the first (kvm_tdp_mmu_test_age_gfn). As
    /// <see cref="ClearAccessed"/>.</summary>
    /// <exception cref="NotSupportedException">The page tables are not the lab's own.</exception>
    protected bool TestAccessed(GfnRange range)
    {
        IAccessedBits bits = AccessedBits;
        bool young = false;
        Vm.Machine.EnterRcu(Vm.Rcu);
        for (TdpRoot root = Vm.Roots.First; !root.IsNone && !young; root = Vm.Roots.After(root))
        {
            young = !Vm.Strategy.IsInvalid(root) && bits.TestAccessed(root, range);
        }
        Vm.Machine.ExitRcu(Vm.Rcu);
        return young;
    }

    internal string? NameOf(nint word) => Chains?.NameOf(word);

    private IAccessedBits AccessedBits => Vm.Mmu as IAccessedBits
        ?? throw new NotSupportedException($"The accessed bits of {Vm.Mmu.Name} are the kernel's: nothing can be aged there.");
}
