namespace Lab.Mmu;

/// <summary>Level of a table, of an entry in it and of what the entry maps (kernel: enum pg_level).</summary>
public enum PageLevel
{
    None,
    Size4K,
    Size2M,
    Size1G,
    Size512G,
}
