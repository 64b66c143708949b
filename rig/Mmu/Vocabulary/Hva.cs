namespace Lab.Mmu;

/// <summary>Host virtual address: where guest memory lies in this process.</summary>
public readonly record struct Hva(ulong Value)
{
    public static Hva operator +(Hva hva, ulong bytes) => new(hva.Value + bytes);

    public static Hva Add(Hva hva, ulong bytes) => hva + bytes;

    public override string ToString() => $"0x{Value:x}";
}
