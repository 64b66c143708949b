namespace Lab.Hardware;

/// <summary>What a root is where the processor walks: an address space from a pool that maps pieces. Changes need the lock of
/// <see cref="Pieces"/>.</summary>
internal interface IRootSpace
{
    /// <summary>Its number in the pool, from one.</summary>
    int Number { get; }

    PieceTable Pieces { get; }

    /// <summary>Maps the piece and puts it on the table; no page of it is present yet. False, and nothing is changed, if the
    /// kernel is short of memory.</summary>
    /// <exception cref="SystemCallException">It refuses for another reason.</exception>
    bool TryInstall(in Piece piece);

    /// <summary>Makes the piece unreachable, TLBs included, and takes it off the table.</summary>
    void Zap(in Piece piece);

    /// <summary>Takes the right to write from what is mapped of the piece, TLBs included; the next write is noticed.</summary>
    void WriteProtect(in Piece piece);

    /// <summary>Lets a piece be written to that was mapped for reading.</summary>
    void AllowWrites(in Piece piece);
}
