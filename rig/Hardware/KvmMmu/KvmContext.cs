using Lab.Mmu;

namespace Lab.Hardware;

/// <summary>One KVM VM with its vCPUs, from a pool: what a root is on <c>kvm</c>. It shows its guest the image and the request
/// words of the VM it serves, and the pieces that the root maps.</summary>
internal sealed class KvmContext : IRootSpace, IDisposable
{
    private const int ImageSlot = 0;
    private const int RequestsSlot = 1;

    /// <summary>First slot number for guest memory.</summary>
    public const int FirstSlot = 2;

    private readonly Stack<int> _freeSlots = new();
    private readonly KvmVcpu[] _vcpus;
    private int _slots = FirstSlot;
    private GuestImage? _image;
    private nint _requests;

    /// <exception cref="HardwareUnavailableException">Too many descriptors or too little memory.</exception>
    public KvmContext(Kvm kvm, int vcpus, HardwareSettings settings)
    {
        Vm = kvm.CreateVm();
        _vcpus = new KvmVcpu[vcpus];
        try
        {
            if (!settings.SlotZapAll) Vm.Enable(KvmAbi.CapDisableQuirks2, KvmAbi.QuirkSlotZapAll);
            if (settings.Dirty == DirtyTracking.Ring) Vm.Enable(KvmDirtyRing.Capability(kvm), KvmDirtyRing.Bytes);
            for (int index = 0; index < vcpus; index++)
            {
                _vcpus[index] = Vm.CreateVcpu(index);
                GuestImage.PrepareMode(_vcpus[index]);
            }
        }
        catch
        {
            Dispose();
            throw;
        }
        Pieces = new PieceTable(settings.ChunkBytes);
    }

    public KvmVm Vm { get; }

    public IReadOnlyList<KvmVcpu> Vcpus => _vcpus;

    public PieceTable Pieces { get; } = null!;

    /// <summary>Shows the guest the image and the request words of the VM that the context serves now; what it showed for the one
    /// before goes. Nothing runs in the context meanwhile.</summary>
    public void Attach(GuestImage image, nint requests, long requestBytes)
    {
        if (_image == image && _requests == requests) return;
        if (_image is { } last)
        {
            // Where memory lies cannot be changed in place.
            Vm.SetRegion(RequestsSlot, MemslotFlags.None, last.RequestsBase, 0, default);
            if (last != image) Vm.SetRegion(ImageSlot, MemslotFlags.None, GuestImage.Base, 0, default);
        }
        if (_image != image) Vm.SetRegion(ImageSlot, MemslotFlags.None, GuestImage.Base, (ulong)image.Bytes, image.UserAddress);
        Vm.SetRegion(RequestsSlot, MemslotFlags.None, image.RequestsBase, (ulong)requestBytes, new Hva((ulong)requests));
        (_image, _requests) = (image, requests);
    }

    /// <summary>Its number in the pool, from one.</summary>
    public int Number { get; init; }

    /// <summary>Makes a slot of the piece.</summary>
    public bool TryInstall(in Piece piece)
    {
        int slot = _freeSlots.TryPop(out int free) ? free : _slots++;
        try
        {
            Vm.SetRegion(slot, FlagsOf(piece), piece.Range.Start.Value << 12, (ulong)piece.Bytes, piece.Address);
        }
        catch (HardwareUnavailableException)
        {
            _freeSlots.Push(slot);
            return false;
        }
        Pieces.Set(piece with { Slot = slot });
        return true;
    }

    /// <summary>A memslot's right to be written to cannot be changed; nobody asks for it, since what may be written is decided
    /// when it is made.</summary>
    public void AllowWrites(in Piece piece)
    {
        Zap(piece);
        TryInstall(piece with { MayWrite = true });
    }

    /// <summary>Turns dirty logging on, which write-protects; where it is on already, off and on.</summary>
    public void WriteProtect(in Piece piece)
    {
        if (piece.LogsDirty) SetLogging(piece, logs: false);
        SetLogging(piece, logs: true);
    }

    /// <summary>Deletes the slot of a piece. On return the guest reaches nothing of it.</summary>
    public void Zap(in Piece piece)
    {
        Vm.SetRegion(piece.Slot, MemslotFlags.None, piece.Range.Start.Value << 12, 0, default);
        Pieces.Remove(piece);
        _freeSlots.Push(piece.Slot);
    }

    public void Dispose()
    {
        foreach (KvmVcpu? vcpu in _vcpus) vcpu?.Dispose();
        Vm.Dispose();
    }

    private void SetLogging(in Piece piece, bool logs)
    {
        Piece changed = piece with { LogsDirty = logs };
        Vm.SetRegion(piece.Slot, FlagsOf(changed), piece.Range.Start.Value << 12, (ulong)piece.Bytes, piece.Address);
        Pieces.Set(changed);
    }

    private static MemslotFlags FlagsOf(in Piece piece) =>
        (piece.LogsDirty ? MemslotFlags.LogDirtyPages : MemslotFlags.None)
        | (piece.MayWrite ? MemslotFlags.None : MemslotFlags.ReadOnly);
}
