namespace Lab.Mmu;

/// <summary>A word that threads share, in native memory of a VM. Made by <see cref="Vm{TMachine}.NewWord"/>; valid as long as the
/// VM.</summary>
public sealed unsafe class SharedWord
{
    // SAFETY: the word lies in a block of the VM that made it, which outlives whatever the VM is built from.
    private readonly ulong* _address;

    internal SharedWord(string name, ulong* address)
    {
        Name = name;
        _address = address;
    }

    public string Name { get; }

    /// <summary>The word itself, to be handed to the machine: <c>Machine.Load(ref word.Value)</c>. Only the machine may touch
    /// it.</summary>
    public ref ulong Value => ref *_address;

    internal nint Address => (nint)_address;
}
