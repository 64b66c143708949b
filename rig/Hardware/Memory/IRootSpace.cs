namespace Lab.Hardware;

/// <summary>What a root is where the processor walks: an address space out of a pool that maps pieces. Changes need the lock of <see cref="Pieces"/>.</summary>
internal interface IRootSpace
{
    PieceTable Pieces { get; }

    /// <summary>Maps the piece and puts it on the table.</summary>
    void Install(in Piece piece);

    /// <summary>Makes the piece unreachable, TLBs included, and takes it off the table.</summary>
    void Remove(in Piece piece);

    /// <summary>Takes the right to write from what is mapped of the piece, TLBs included; the next write to each page is noticed.</summary>
    void WriteProtect(in Piece piece);
}
