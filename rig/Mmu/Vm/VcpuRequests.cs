namespace Lab.Mmu;

/// <summary>Requests to vCPUs, one word each on its own cache line (kernel: vcpu->requests). A request is raised by anybody and
/// cleared by the vCPU that serves it.</summary>
/// <remarks>A guest access counts as done only if the vCPU sees its word still clear <em>after</em> the access; otherwise the
/// access is discarded, as an interrupted instruction is. So once a request is raised and the interrupt has been delivered, no
/// access that began before can take effect: that is the wait for "outside guest mode", and it does not depend on a preempted
/// vCPU thread being scheduled. The guest's own store is the exception: it comes after the look, to a word that nobody reads
/// (docs/decisions/0003). Pairing: the locked or in <see cref="RaiseAll"/> and the interrupt, against the vCPU's loads of the
/// data and then of its word, in this order.</remarks>
public sealed unsafe class VcpuRequests : IDisposable
{
    // SAFETY: callers pass the index of one of this VM's vCPUs, of which the block has a line each; the block is freed when they
    // are gone.
    /// <summary>Forget all translations before the next access.</summary>
    public const ulong FlushTlb = 1;

    /// <summary>The root may be obsolete: put it and load another before entering the guest
    /// (KVM_REQ_MMU_FREE_OBSOLETE_ROOTS).</summary>
    public const ulong FreeObsoleteRoots = 2;

    private const int Stride = 16;
    private readonly NativeBlock _block;
    private readonly ulong* _words;

    internal VcpuRequests(int vcpus)
    {
        VcpuCount = vcpus;
        _block = new NativeBlock((long)vcpus * Stride * sizeof(ulong));
        _words = (ulong*)_block.Address;
    }

    public int VcpuCount { get; }

    /// <summary>Address of the first word: page-aligned, all words within <see cref="Bytes"/>.</summary>
    internal nint Address => (nint)_words;

    internal long Bytes => (long)VcpuCount * Stride * sizeof(ulong);

    internal nint AddressOf(int vcpu) => (nint)(_words + vcpu * Stride);

    /// <summary>The word of one vCPU.</summary>
    public ref ulong this[int vcpu] => ref _words[vcpu * Stride];

    /// <summary>Raises the request on every vCPU and returns when none is in the guest without having seen it.</summary>
    public void RaiseAll<TMachine>(TMachine machine, ulong request)
        where TMachine : struct, IMachine
    {
        for (int vcpu = 0; vcpu < VcpuCount; vcpu++) machine.Or(ref this[vcpu], request);
        machine.InterruptVcpus();
    }

    public void Dispose() => _block.Dispose();
}
