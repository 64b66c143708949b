namespace Lab.Mmu;

/// <summary>What a root is for: the word by which vCPUs share roots (kernel: union kvm_mmu_page_role). Two vCPUs with equal roles
/// use one root. Only the <see cref="Invalid"/> bit of a root's role ever changes after the root was made.</summary>
public readonly record struct RootRole(ulong Word)
{
    /// <summary>Set once, when the root becomes obsolete; never cleared. Bit 11, as in the kernel's traces.</summary>
    public const ulong Invalid = 0x800;

    private const ulong Direct = 0x80;
    private const ulong AccessAll = 0x700;
    private const ulong EferNx = 0x1000;
    private const ulong Cr0Wp = 0x2000;
    private const ulong Smm = 1UL << 24;

    /// <summary>The role of a vCPU that runs a 64-bit guest with four-level tables: 0x3784.</summary>
    public static readonly RootRole Normal = new(4 | Direct | AccessAll | EferNx | Cr0Wp);

    /// <summary>System-management mode: its own address space and therefore its own root.</summary>
    public static readonly RootRole SystemManagement = new(Normal.Word | Smm);

    /// <summary>CR0.WP clear: the same memory through another root.</summary>
    public static readonly RootRole WriteProtectOff = new(Normal.Word & ~Cr0Wp);

    public PageLevel Level => (PageLevel)(Word & 0xf);

    public override string ToString() => $"0x{Word:x}";
}
